import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { fingerprintOf, generateKeyPair, publicBlobOf } from '../ssh/keys.ts';
import { identifyPeer } from './peers.ts';

const known = generateKeyPair('shell');
const other = generateKeyPair('other');

let root: string;
let file: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'convocate-peers-'));
  file = join(root, 'authorized_keys');
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const identify = (key: string): ReturnType<typeof identifyPeer> => identifyPeer(file, publicBlobOf(key));

test('a key in the file is known by its fingerprint, another is not', async () => {
  writeFileSync(file, `# the shell host\n${known.publicKey}`);
  expect(await identify(known.publicKey)).toEqual({ name: fingerprintOf(known.publicKey) });
  expect(await identify(other.publicKey)).toBeUndefined();
});

test('a key that is taken out is refused at its next login', async () => {
  writeFileSync(file, known.publicKey);
  expect(await identify(known.publicKey)).toBeDefined();
  writeFileSync(file, other.publicKey);
  expect(await identify(known.publicKey)).toBeUndefined();
});

test('a damaged line locks out nobody else', async () => {
  writeFileSync(file, `ssh-ed25519 AAAAbroken\n${known.publicKey}`);
  expect(await identify(known.publicKey)).toBeDefined();
});

test('without the file nobody gets in', async () => {
  await expect(identify(known.publicKey)).rejects.toThrow('ENOENT');
});
