import { readFile } from 'node:fs/promises';
import * as z from 'zod/mini';
import { codeOf } from '../../base/errors.ts';
import { publicBlobOf } from '../../ssh/keys.ts';

const ShellHostFile = z.object({
  host: z.string().check(z.minLength(1)),
  port: z.int().check(z.gte(1), z.lte(65_535)),
  /** `ssh-ed25519 AAAA…`. */
  host_key: z.string(),
});

export interface ShellHost {
  readonly host: string;
  readonly port: number;
  /** Wire form. */
  readonly hostKey: Buffer;
}

/** Where events go. Undefined before `init-agent` has said so; throws for a file that cannot be understood. */
export async function readShellHost(path: string): Promise<ShellHost | undefined> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
  const { host, port, host_key } = ShellHostFile.parse(JSON.parse(text));
  return { host, port, hostKey: publicBlobOf(host_key) };
}
