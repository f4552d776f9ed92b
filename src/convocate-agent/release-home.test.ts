import { createHash } from 'node:crypto';
import { mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { runChecked } from '../base/run-command.ts';
import { type Manifest, serializeManifest } from '../release/manifest.ts';
import { allowedSignersLine, signManifest } from '../release/signature.ts';
import { openOwnRelease, openRelease, readReleaseFile, verifyRelease } from './release-home.ts';

const { root } = vi.hoisted(() => ({
  root: `${process.env['TMPDIR'] ?? '/tmp'}/convocate-release-home-${process.pid}`,
}));
vi.mock('../protocol/host-layout.ts', async (original) => {
  const layout = await original<typeof import('../protocol/host-layout.ts')>();
  return {
    ...layout,
    AGENT_HOST: {
      ...layout.AGENT_HOST,
      allowedSignersFile: `${root}/allowed_signers`,
    },
  };
});

const FILES: Record<string, string> = { VERSION: 'v1\n', 'lib/convocate-agent.mjs': 'export {};\n' };
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const manifest: Manifest = {
  format: 1,
  version: 'v1',
  git_revision: 'x',
  protocol: { min: 1, max: 1 },
  requires: { machine: 'x86_64', glibc: '2.28' },
  inputs_digest: sha256(''),
  files: Object.entries(FILES).map(([path, text]) => ({
    path,
    sha256: sha256(text),
    size: text.length,
    executable: false,
  })),
  image: {
    tag: 'convocate:v1',
    config_digest: sha256(''),
    manifest_digest: sha256(''),
    layers: [{ diff_id: sha256(''), size: 1 }],
    base: '',
    toolchain: '',
  },
};
const home = join(root, 'releases/v1');
const text = serializeManifest(manifest);

beforeEach(async () => {
  await mkdir(root, { recursive: true });
  await runChecked(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-f', join(root, 'key')]);
  await writeFile(
    join(root, 'allowed_signers'),
    allowedSignersLine(await readFile(join(root, 'key.pub'), 'utf8')),
  );
  for (const [path, content] of Object.entries({
    ...FILES,
    'manifest.json': text,
    'manifest.json.sig': await signManifest(text, join(root, 'key')),
  })) {
    await mkdir(dirname(join(home, path)), { recursive: true });
    await writeFile(join(home, path), content);
  }
});
afterEach(async () => {
  await rm(root, { recursive: true, force: true });
});

test('a release is opened as it was signed, and its files are read', async () => {
  const release = await openRelease(home);
  expect(release).toEqual({ directory: home, manifest, manifestText: text });
  expect((await readReleaseFile(release, 'VERSION')).toString()).toBe('v1\n');
});

test('a program finds its own release, whichever link it was started by', async () => {
  await symlink(home, join(root, 'current'));
  await symlink(join(root, 'current/lib/convocate-agent.mjs'), join(root, 'program'));
  expect((await openOwnRelease(join(root, 'program'))).directory).toBe(home);
});

test('a folder without a manifest, or with a damaged one, is no release', async () => {
  await writeFile(join(home, 'manifest.json'), '{');
  await expect(openRelease(home)).rejects.toThrow(
    `the release manifest ${join(home, 'manifest.json')} is damaged`,
  );
  await rm(join(home, 'manifest.json'));
  await expect(openRelease(home)).rejects.toThrow(`${home} is not a release: it has no manifest.json`);
});

const prove = async (): Promise<void> => verifyRelease(await openRelease(home));

describe('proving a release', () => {
  test('a whole one of this cluster passes', prove);

  test.each([
    ['changed', (path: string) => writeFile(path, 'export {}\n;')],
    ['of another size', (path: string) => writeFile(path, 'export {};\n\n')],
    ['missing', (path: string) => rm(path)],
  ])('a file that is %s is named', async (_how, damage) => {
    const path = join(home, 'lib/convocate-agent.mjs');
    await damage(path);
    const error = await prove().catch((reason: unknown) => reason);
    expect(error).toMatchObject({
      name: 'OperationError',
      message: `${path} is not the file that release v1 holds`,
    });
  });

  test('of several that are damaged or gone the first is named, with their number', async () => {
    await writeFile(join(home, 'lib/convocate-agent.mjs'), 'export {}\n;');
    await rm(join(home, 'VERSION'));
    await expect(prove()).rejects.toMatchObject({
      message: `${join(home, 'VERSION')} is not the file that release v1 holds, and so with 1 more`,
      details: { hint: 'run `convocate-host update` again: it sends what is damaged' },
    });
  });

  test('a manifest that was changed after it was signed is refused', async () => {
    await writeFile(join(home, 'manifest.json'), text.replace('"x"', '"y"'));
    await expect(prove()).rejects.toThrow("the release manifest's signature is not that of this cluster");
  });

  test('a release of another cluster is refused', async () => {
    await runChecked(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-f', join(root, 'other')]);
    await writeFile(join(home, 'manifest.json.sig'), await signManifest(text, join(root, 'other')));
    await expect(prove()).rejects.toThrow("the release manifest's signature is not that of this cluster");
  });
});
