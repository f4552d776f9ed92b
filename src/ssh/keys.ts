import ssh2, { type ParsedKey } from 'ssh2';
import { fingerprintOfBlob } from '../protocol/public-key.ts';
import { ED25519 } from './policy.ts';

export interface KeyPair {
  /** OpenSSH's private key format, unencrypted. */
  readonly privateKey: string;
  /** `ssh-ed25519 AAAA… comment`. */
  readonly publicKey: string;
}

/** The wire form of every ed25519 public key: two length-prefixed strings, of 11 and 32 bytes. */
const BLOB_BYTES = 51;

/**
 * A new pair. ssh2 1.17 drops a leading zero byte of the public key, so about one pair in 256 is damaged: such a one
 * is thrown away and another made.
 */
export function generateKeyPair(comment: string): KeyPair {
  for (;;) {
    const pair = ssh2.utils.generateKeyPairSync('ed25519', { comment });
    const keys = { privateKey: `${pair.private.trimEnd()}\n`, publicKey: `${pair.public.trimEnd()}\n` };
    if (isSound(keys)) return keys;
  }
}

function isSound({ privateKey, publicKey }: KeyPair): boolean {
  try {
    const blob = publicBlobOf(privateKey);
    return blob.length === BLOB_BYTES && blob.equals(publicBlobOf(publicKey));
  } catch {
    return false;
  }
}

/** The key's wire form (RFC 4253, 6.6). Throws where `text` is no ed25519 key, private or public. */
export function publicBlobOf(text: string): Buffer {
  return parseKey(text).getPublicSSH();
}

/** Throws where `text` is no ed25519 private key. */
export function privateKeyOf(text: string): ParsedKey {
  const key = parseKey(text);
  if (!key.isPrivateKey()) throw new TypeError('not an SSH key: the private half is missing');
  return key;
}

/** `SHA256:…` as `ssh-keygen -l` prints it. */
export function fingerprintOf(key: string | Buffer): string {
  return fingerprintOfBlob(typeof key === 'string' ? publicBlobOf(key) : key);
}

/** The line for an authorized_keys or `.pub` file that belongs to a private or public key. */
export function publicLineOf(text: string, comment = ''): string {
  return `${ED25519} ${publicBlobOf(text).toString('base64')}${comment && ` ${comment}`}`;
}

/** The wire forms of every ed25519 key in the text of an authorized_keys file; a damaged line locks out that key only. */
export function authorizedBlobs(text: string): Buffer[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line.startsWith(`${ED25519} `))
    .flatMap((line) => {
      try {
        return [publicBlobOf(line)];
      } catch {
        return [];
      }
    });
}

function parseKey(text: string): ParsedKey {
  const parsed: ParsedKey | Error | (ParsedKey | Error)[] = ssh2.utils.parseKey(text);
  const key = Array.isArray(parsed) ? parsed[0] : parsed;
  if (!key || key instanceof Error) throw new TypeError(`not an SSH key: ${key?.message ?? 'empty'}`);
  if (key.type !== ED25519) throw new TypeError(`only ed25519 keys are used here, not ${key.type}`);
  return key;
}
