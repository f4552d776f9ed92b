import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runChecked } from '../base/run-command.ts';
import { authorizedBlobs, fingerprintOf, generateKeyPair, publicBlobOf, publicLineOf } from './keys.ts';

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'convocate-keys-'));
});
afterAll(async () => {
  await rm(directory, { recursive: true, force: true });
});

async function keyFile(name: string, text: string): Promise<string> {
  const path = join(directory, name);
  await writeFile(path, text, { mode: 0o600 });
  return path;
}

async function makeWithOpenSsh(type: string): Promise<string> {
  const path = join(directory, type);
  await runChecked(['ssh-keygen', '-q', '-t', type, '-N', '', '-C', 'by openssh', '-f', path]);
  return path;
}

describe('a key made here', () => {
  const pair = generateKeyPair('shell-to-agent-abcd1234');

  test('is read by OpenSSH, which sees the same public half and the same fingerprint', async () => {
    const path = await keyFile('ours', pair.privateKey);
    expect(await runChecked(['ssh-keygen', '-y', '-P', '', '-f', path])).toBe(pair.publicKey);
    expect(await runChecked(['ssh-keygen', '-lf', path])).toBe(
      `256 ${fingerprintOf(pair.privateKey)} shell-to-agent-abcd1234 (ED25519)\n`,
    );
    expect(fingerprintOf(pair.publicKey)).toBe(fingerprintOf(pair.privateKey));
    expect(fingerprintOf(publicBlobOf(pair.publicKey))).toBe(fingerprintOf(pair.privateKey));
  });

  test('is never the same twice, and ends with one newline', () => {
    expect(generateKeyPair('x').privateKey).not.toBe(generateKeyPair('x').privateKey);
    expect(pair.privateKey).toMatch(
      /^-----BEGIN OPENSSH PRIVATE KEY-----\n[^]*\n-----END OPENSSH PRIVATE KEY-----\n$/,
    );
    expect(pair.publicKey).toMatch(/^ssh-ed25519 [A-Za-z0-9+/=]+ shell-to-agent-abcd1234\n$/);
  });
});

describe('a key made by OpenSSH', () => {
  test('gives the line that `ssh-keygen -y` prints', async () => {
    const path = await makeWithOpenSsh('ed25519');
    const text = await runChecked(['cat', path]);
    expect(`${publicLineOf(text, 'by openssh')}\n`).toBe(await runChecked(['ssh-keygen', '-y', '-f', path]));
    expect(`${publicLineOf(text)} by openssh\n`).toBe(await runChecked(['cat', `${path}.pub`]));
    expect(`256 ${fingerprintOf(text)} by openssh (ED25519)\n`).toBe(
      await runChecked(['ssh-keygen', '-lf', path]),
    );
  });

  test.each(['ecdsa', 'rsa'])('of type %s is refused', async (type) => {
    const text = await runChecked(['cat', await makeWithOpenSsh(type)]);
    expect(() => publicBlobOf(text)).toThrow(
      /^only ed25519 keys are used here, not (ssh-rsa|ecdsa-sha2-nistp256)$/,
    );
  });

  test('that is encrypted is refused', async () => {
    const path = join(directory, 'encrypted');
    await runChecked(['ssh-keygen', '-q', '-t', 'ed25519', '-N', 'a passphrase', '-f', path]);
    expect(() => publicBlobOf('')).toThrow(TypeError);
    const text = await runChecked(['cat', path]);
    expect(() => publicBlobOf(text)).toThrow(/^not an SSH key: /);
  });
});

test.each(['', 'nonsense', 'ssh-ed25519', 'ssh-ed25519 AAAA', '-----BEGIN OPENSSH PRIVATE KEY-----\n'])(
  '%j is no key',
  (text) => {
    expect(() => publicBlobOf(text)).toThrow(TypeError);
  },
);

test('an authorized_keys file gives its ed25519 keys; comments, other types and options are passed over', () => {
  const [a, b] = [generateKeyPair('a'), generateKeyPair('b')];
  const text = `# a comment\n\n  ${a.publicKey}ssh-rsa AAAAB3NzaC1yc2E= old\ncommand="x" ${b.publicKey}${b.publicKey.trim()}`;
  expect(authorizedBlobs(text)).toEqual([publicBlobOf(a.publicKey), publicBlobOf(b.publicKey)]);
  expect(authorizedBlobs('')).toEqual([]);
});
