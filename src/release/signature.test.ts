import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { OperationError } from '../base/errors.ts';
import { runChecked } from '../base/run-command.ts';
import { allowedSignersLine, signManifest, verifyManifest } from './signature.ts';

const TEXT = '{"version":"v1"}\n';
let directory: string;
let signature: string;
const at = (name: string): string => join(directory, name);

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'convocate-signature-'));
  for (const name of ['ours', 'theirs']) {
    await runChecked(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-C', 'a comment', '-f', at(name)]);
    await writeFile(at(`${name}-signers`), allowedSignersLine(await readFile(at(`${name}.pub`), 'utf8')));
  }
  signature = await signManifest(TEXT, at('ours'));
});
afterAll(async () => {
  await rm(directory, { recursive: true, force: true });
});

test('the line of the signers file names the cluster, what it may sign, and the key without its comment', async () => {
  const [type, blob] = (await readFile(at('ours.pub'), 'utf8')).split(' ');
  expect(await readFile(at('ours-signers'), 'utf8')).toBe(
    `convocate-cluster namespaces="convocate-release" ${type} ${blob}\n`,
  );
});

test('a release signed with the key is taken, by us and by OpenSSH alone', async () => {
  expect(signature).toMatch(/^-----BEGIN SSH SIGNATURE-----\n/);
  await verifyManifest(TEXT, signature, at('ours-signers'));
  await writeFile(at('sig'), signature);
  const words = [
    '-f',
    at('ours-signers'),
    '-I',
    'convocate-cluster',
    '-n',
    'convocate-release',
    '-s',
    at('sig'),
  ];
  expect(await runChecked(['ssh-keygen', '-Y', 'verify', ...words], { input: TEXT })).toMatch(
    /^Good "convocate-release" signature/,
  );
});

const refused = async (text: string, armored: string, signers: string): Promise<void> => {
  const error = await verifyManifest(text, armored, signers).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(OperationError);
  expect(error).toMatchObject({ message: "the release manifest's signature is not that of this cluster" });
};

describe('a release is refused', () => {
  test('with one byte changed, added or missing', async () => {
    for (const text of [TEXT.replace('v1', 'v2'), `${TEXT}\n`, TEXT.trimEnd(), ''])
      await refused(text, signature, at('ours-signers'));
  });

  test('signed by another key', async () => {
    await refused(TEXT, await signManifest(TEXT, at('theirs')), at('ours-signers'));
    await refused(TEXT, signature, at('theirs-signers'));
  });

  test('signed by the same key for another purpose', async () => {
    const other = await runChecked(['ssh-keygen', '-q', '-Y', 'sign', '-f', at('ours'), '-n', 'file'], {
      input: TEXT,
    });
    await refused(TEXT, other, at('ours-signers'));
  });

  test('with a signature that is none, or a signers file that is empty or missing', async () => {
    await refused(TEXT, 'nonsense', at('ours-signers'));
    await refused(TEXT, '', at('ours-signers'));
    await writeFile(at('empty'), '');
    await refused(TEXT, signature, at('empty'));
    await refused(TEXT, signature, at('missing'));
  });
});

test('what a check writes is gone after it', async () => {
  const before = (await readdir(tmpdir())).filter((name) => name.startsWith('convocate-verify-'));
  await verifyManifest(TEXT, signature, at('ours-signers'));
  await verifyManifest('x', signature, at('ours-signers')).catch(() => {});
  const after = (await readdir(tmpdir())).filter((name) => name.startsWith('convocate-verify-'));
  expect(after.filter((name) => !before.includes(name))).toEqual([]);
});

test('signing without the key fails with the command that was run', async () => {
  await expect(signManifest(TEXT, at('no-key'))).rejects.toMatchObject({
    name: 'OperationError',
    details: { argv: ['ssh-keygen', '-q', '-Y', 'sign', '-f', at('no-key'), '-n', 'convocate-release'] },
  });
});
