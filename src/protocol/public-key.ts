import { createHash } from 'node:crypto';

/** Text forms of public keys, as both sides write them into files; no key is parsed beyond what they show. */

/** `SHA256:…` as `ssh-keygen -l` prints it, of a key in wire form (RFC 4253, 6.6). */
export function fingerprintOfBlob(blob: Uint8Array): string {
  return `SHA256:${createHash('sha256').update(blob).digest('base64').replaceAll('=', '')}`;
}

/** The same, of a line `ssh-ed25519 AAAA… comment`. Throws TypeError where it is no such line. */
export function fingerprintOfLine(line: string): string {
  return fingerprintOfBlob(Buffer.from(keyPart(line), 'base64'));
}

/** The line without its comment: two lines of the same key are equal then. */
export function withoutComment(line: string): string {
  return `ssh-ed25519 ${keyPart(line)}`;
}

function keyPart(line: string): string {
  const [type, blob] = line.trim().split(/\s+/);
  if (type !== 'ssh-ed25519' || !blob || !/^[A-Za-z0-9+/]+=*$/.test(blob)) {
    throw new TypeError('not the public line of an ed25519 key');
  }
  return blob;
}
