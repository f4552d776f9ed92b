import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf } from '../base/errors.ts';
import { publicBlobOf } from '../ssh/keys.ts';
import { AGENT_FILE } from './agent-directory.ts';

/**
 * The private key in an agent's directory, as text; undefined also where the file holds no usable key: there is nothing
 * to keep then.
 */
export async function keptKey(directory: string): Promise<string | undefined> {
  const text = await textOf(join(directory, AGENT_FILE.privateKey));
  try {
    if (text !== undefined) publicBlobOf(text);
    return text;
  } catch {
    return undefined;
  }
}

/** Undefined where there is no such file. */
export async function textOf(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}
