import ssh2, { type AuthContext, type PublicKeyAuthContext } from 'ssh2';
import { ED25519 } from './policy.ts';

/**
 * Lets in who proves to hold an ed25519 key that `identify` knows; everything else (passwords, RSA, ECDSA, unknown
 * keys, bad signatures) gets one and the same refusal. `proven` hears who signed, before the peer is let in: the
 * question "would this key do?" that most clients ask first may be asked of anybody's key, and proves nothing.
 */
export async function authenticate<Peer>(
  attempt: AuthContext,
  identify: (publicKey: Buffer) => Peer | undefined | Promise<Peer | undefined>,
  proven: (peer: Peer) => void,
): Promise<void> {
  const peer =
    attempt.method === 'publickey' && attempt.key.algo === ED25519
      ? await identify(attempt.key.data)
      : undefined;
  if (peer === undefined || !isProven(attempt as PublicKeyAuthContext)) {
    attempt.reject(['publickey']);
    return;
  }
  if ((attempt as PublicKeyAuthContext).signature) proven(peer);
  attempt.accept();
}

function isProven(attempt: PublicKeyAuthContext): boolean {
  if (!attempt.signature) return true;
  const key = ssh2.utils.parseKey(`${ED25519} ${attempt.key.data.toString('base64')}`);
  if (key instanceof Error || !attempt.blob) return false;
  return key.verify(attempt.blob, attempt.signature, attempt.hashAlgo) === true;
}
