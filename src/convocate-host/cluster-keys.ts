import { readFile } from 'node:fs/promises';
import { RefusedError } from '../base/errors.ts';
import { SHELL_HOST } from '../protocol/host-layout.ts';
import { withoutComment } from '../protocol/public-key.ts';
import { allowedSignersLine } from '../release/signature.ts';

/** Whose releases an agent takes. Throws RefusedError where this machine is no shell host. */
export async function clusterSigners(): Promise<string> {
  return allowedSignersLine(await readPublicHalf(SHELL_HOST.signingKeyFile));
}

/** What an agent pins of this shell host's 223. Throws as {@link clusterSigners}. */
export async function statusHostKey(): Promise<string> {
  return withoutComment(await readPublicHalf(SHELL_HOST.statusHostKeyFile));
}

async function readPublicHalf(keyFile: string): Promise<string> {
  return await readFile(`${keyFile}.pub`, 'utf8').catch((cause: unknown) => {
    throw new RefusedError('this machine is not set up as a shell host, or its keys have drifted', {
      output: `cannot read ${keyFile}.pub`,
      hint: 'run `sudo convocate-host init-shell` first; it makes what is missing and changes no key',
      cause,
    });
  });
}
