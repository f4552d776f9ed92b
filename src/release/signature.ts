import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { OperationError } from '../base/errors.ts';
import { runChecked, runCommand } from '../base/run-command.ts';
import { SIGNATURE } from '../protocol/host-layout.ts';

/** Signs with OpenSSH's own `ssh-keygen -Y sign`, so anyone can check a release without our code. Gives the armored signature. */
export async function signManifest(manifestText: string, signingKeyFile: string): Promise<string> {
  return await runChecked(
    ['ssh-keygen', '-q', '-Y', 'sign', '-f', signingKeyFile, '-n', SIGNATURE.namespace],
    {
      input: manifestText,
    },
  );
}

/** Throws where `signature` was not made over these very bytes by a key in `allowedSignersFile`. */
export async function verifyManifest(
  manifestText: string,
  signature: string,
  allowedSignersFile: string,
): Promise<void> {
  // In memory where we may: a host with a full disk must still be able to go back to another release.
  const directory = await mkdtemp(join(process.getuid?.() === 0 ? '/run' : tmpdir(), 'convocate-verify-'));
  try {
    const signatureFile = join(directory, 'signature');
    await writeFile(signatureFile, signature);
    const argv = [
      ...['ssh-keygen', '-Y', 'verify', '-f', allowedSignersFile, '-I', SIGNATURE.identity],
      ...['-n', SIGNATURE.namespace, '-s', signatureFile],
    ];
    const result = await runCommand(argv, { input: manifestText, apart: true });
    if (result.exitCode !== 0) {
      throw new OperationError("the release manifest's signature is not that of this cluster", {
        argv,
        exitCode: result.exitCode,
        output: result.stderr || result.stdout,
        hint: 'the release was changed after it was signed, or comes from another cluster; it was not activated',
      });
    }
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** The line for an allowed_signers file that lets `publicKey` (`ssh-ed25519 AAAA…`) sign releases and nothing else. */
export function allowedSignersLine(publicKey: string): string {
  const [type, blob] = publicKey.trim().split(/\s+/);
  return `${SIGNATURE.identity} namespaces="${SIGNATURE.namespace}" ${type} ${blob}\n`;
}
