import { readFile } from 'node:fs/promises';
import { authorizedBlobs, fingerprintOf } from '../ssh/keys.ts';

/** Who opened a connection to the agent: known by the key alone. */
export interface Peer {
  /** Fingerprint of the key, as `ssh-keygen -l` prints it. */
  readonly name: string;
}

/**
 * Whose key this is, by the file of authorized keys as it is now: a key that was taken out is refused at its next
 * login. A damaged line locks out that key only.
 */
export async function identifyPeer(authorizedKeysFile: string, publicKey: Buffer): Promise<Peer | undefined> {
  const known = authorizedBlobs(await readFile(authorizedKeysFile, 'utf8')).some((blob) =>
    blob.equals(publicKey),
  );
  return known ? { name: fingerprintOf(publicKey) } : undefined;
}
