import ssh2, { type AuthContext, type PublicKeyAuthContext } from 'ssh2';
import { ED25519 } from './policy.ts';

/**
 * Lets in who proves to hold an ed25519 key that `identify` knows; everything else (passwords, RSA, ECDSA, unknown
 * keys, bad signatures) gets one and the same refusal. Gives the peer, also for the question "would this key do?"
 * that OpenSSH asks before it signs.
 */
export async function authenticate<Peer>(
  attempt: AuthContext,
  identify: (publicKey: Buffer) => Peer | undefined | Promise<Peer | undefined>,
): Promise<Peer | undefined> {
  const peer =
    attempt.method === 'publickey' && attempt.key.algo === ED25519
      ? await identify(attempt.key.data)
      : undefined;
  if (peer === undefined || !isProven(attempt as PublicKeyAuthContext)) {
    attempt.reject(['publickey']);
    return undefined;
  }
  attempt.accept();
  return peer;
}

function isProven(attempt: PublicKeyAuthContext): boolean {
  if (!attempt.signature) return true;
  const key = ssh2.utils.parseKey(`${ED25519} ${attempt.key.data.toString('base64')}`);
  if (key instanceof Error || !attempt.blob) return false;
  return key.verify(attempt.blob, attempt.signature, attempt.hashAlgo) === true;
}
