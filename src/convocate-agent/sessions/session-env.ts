import { readFile } from 'node:fs/promises';
import { codeOf, messageOf } from '../../base/errors.ts';
import { RpcError } from '../../protocol/error-codes.ts';

const LINE = /^([A-Za-z_][A-Za-z0-9_]*)=(.*)$/;

/**
 * The variables for sessions, `/etc/convocate-agent/session.env`: a `KEY=VALUE` a line, `#` and empty lines passed
 * over, one pair of quotes around a value taken off. No file means none. Throws `refused` with the number of a line
 * that is wrong, never with its text: it may hold a key.
 */
export async function readSessionEnv(path: string): Promise<Record<string, string>> {
  try {
    return parseSessionEnv(await readFile(path, 'utf8'), path);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return {};
    if (error instanceof RpcError) throw error;
    throw new RpcError('refused', `${path} cannot be read: ${messageOf(error)}`);
  }
}

export function parseSessionEnv(text: string, path: string): Record<string, string> {
  const variables: Record<string, string> = {};
  for (const [index, raw] of text.split('\n').entries()) {
    const line = raw.trim();
    if (line === '' || line.startsWith('#')) continue;
    const [, name, value] = LINE.exec(line) ?? [];
    if (name === undefined || value === undefined || value.includes('\0')) {
      throw new RpcError('refused', `${path}: line ${index + 1} is not KEY=VALUE`);
    }
    variables[name] = unquote(value);
  }
  return variables;
}

function unquote(value: string): string {
  const quoted = /^(["'])(.*)\1$/.exec(value);
  return quoted?.[2] ?? value;
}
