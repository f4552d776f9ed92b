import { expect, test } from 'vitest';
import { fingerprintOfBlob, fingerprintOfLine, withoutComment } from './public-key.ts';

/** The key that GitHub publishes for its SSH service, with the fingerprint it publishes. */
const BLOB = 'AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl';
const FINGERPRINT = 'SHA256:+DiY3wvvV6TuJJhbpZisF/zLDA0zPMSvHdkr4UvCOqU';

test('a known key has its published fingerprint', () => {
  expect(fingerprintOfLine(`ssh-ed25519 ${BLOB} github.com`)).toBe(FINGERPRINT);
  expect(fingerprintOfBlob(Buffer.from(BLOB, 'base64'))).toBe(FINGERPRINT);
});

test('two lines of one key are equal without their comments', () => {
  expect(withoutComment(`ssh-ed25519   ${BLOB}  root@a  \n`)).toBe(`ssh-ed25519 ${BLOB}`);
  expect(withoutComment(`ssh-ed25519 ${BLOB}`)).toBe(`ssh-ed25519 ${BLOB}`);
});

test.each([
  '',
  'ssh-ed25519',
  `ssh-rsa ${BLOB}`,
  `ssh-ed25519 not*base64`,
  BLOB,
  `command="x" ssh-ed25519 ${BLOB}`,
])('%j is no such line', (line) => {
  expect(() => withoutComment(line)).toThrow(new TypeError('not the public line of an ed25519 key'));
  expect(() => fingerprintOfLine(line)).toThrow(TypeError);
});
