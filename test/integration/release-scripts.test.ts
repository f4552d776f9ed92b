// The scripts that prove a release before any of it runs, run for real by `sh` and `ssh-keygen` on folders of this box.
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, readdir, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { pack } from 'tar-stream';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type CommandResult, runChecked, runCommand } from '../../src/base/run-command.ts';
import { type HostScript, scriptArgv } from '../../src/convocate-host/host-scripts.ts';
import { CHECK_RELEASE, UNPACK_RELEASE } from '../../src/convocate-host/release-scripts.ts';
import { type Manifest, type ReleaseFile, serializeManifest } from '../../src/release/manifest.ts';
import { allowedSignersLine, signManifest } from '../../src/release/signature.ts';

let root: string;
const at = (...names: string[]): string => join(root, ...names);
const makeKey = async (name: string): Promise<void> => {
  await runChecked(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-f', at(name)]);
};
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "convocate scripts it's-")); // a path that only correct quoting survives
  await makeKey('key');
  await writeFile(at('signers'), allowedSignersLine(await readFile(at('key.pub'), 'utf8')));
});
afterEach(async () => {
  await rm(root, { recursive: true, force: true });
});

const sha256 = (content: string | Buffer): string => createHash('sha256').update(content).digest('hex');
const modeOf = async (path: string): Promise<number> => (await stat(path)).mode & 0o7777;
const blob = (content: Buffer): string => at('lib/blobs', sha256(content));
const release = (...names: string[]): string => at('lib/releases/v1', ...names);

const program = Buffer.from('#!/bin/sh\necho v1\n');
const library = Buffer.from('export {};\n');
const fileOf = (path: string, content: Buffer): ReleaseFile => ({
  ...{ path, sha256: sha256(content), size: content.length },
  executable: content === program,
});
const FILES = [
  fileOf('convocate-agent', program),
  fileOf('lib/convocate-agent.mjs', library),
  fileOf('skel/.deep/er/copy', library),
];
const manifestOf = (files: readonly ReleaseFile[], version = 'v1'): Manifest => ({
  format: 1,
  version,
  git_revision: 'x',
  protocol: { min: 1, max: 1 },
  requires: { machine: 'x86_64', glibc: '2.28' },
  inputs_digest: sha256(''),
  files: [...files],
  image: {
    tag: `convocate:${version}`,
    config_digest: sha256(''),
    manifest_digest: sha256(''),
    layers: [{ diff_id: sha256(''), size: 1 }],
    base: 'a "sha256": "quoted" name',
    toolchain: '      "path": "x",\n      "sha256": ',
  },
});
const text = (files: readonly ReleaseFile[] = FILES, version = 'v1'): string =>
  serializeManifest(manifestOf(files, version));

interface Parcel {
  readonly manifest?: string;
  /** Default: made over this manifest, or over `signed`, with the cluster's key. */
  readonly signature?: string;
  readonly signed?: string;
  readonly blobs?: readonly (readonly [name: string, content: Buffer])[];
}
async function parcel({
  manifest = text(),
  signed = manifest,
  signature,
  blobs,
}: Parcel = {}): Promise<Buffer> {
  const tar = pack();
  tar.entry({ name: 'manifest.json' }, manifest);
  tar.entry({ name: 'manifest.json.sig' }, signature ?? (await signManifest(signed, at('key'))));
  const both = [program, library].map((content) => [sha256(content), content] as const);
  for (const [name, content] of blobs ?? both) tar.entry({ name: `blobs/${name}` }, content);
  tar.finalize();
  return gzipSync(await buffer(tar));
}
const run = (script: HostScript, version: string, input: string | Buffer = ''): Promise<CommandResult> =>
  runCommand(scriptArgv(script, at('lib'), version, at('signers')), { input });
const unpack = async (what?: Parcel, version = 'v1'): Promise<CommandResult> =>
  await run(UNPACK_RELEASE, version, await parcel(what));

/** Every file below lib with its content, so that "nothing changed" can be said in one line. */
async function snapshot(): Promise<Record<string, string>> {
  const entries = await readdir(at('lib'), { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const pairs = files.sort().map(async (path) => [path.slice(root.length), sha256(await readFile(path))]);
  return Object.fromEntries(await Promise.all(pairs)) as Record<string, string>;
}
const releases = async (): Promise<string[]> => (await readdir(at('lib/releases'))).sort();

async function expectWhole(): Promise<void> {
  expect(await readFile(release('convocate-agent'))).toEqual(program);
  expect(await readFile(release('lib/convocate-agent.mjs'))).toEqual(library);
  expect(await readFile(release('skel/.deep/er/copy'))).toEqual(library);
  expect(await readFile(release('manifest.json'), 'utf8')).toBe(text());
  const modes = [await modeOf(release('convocate-agent')), await modeOf(release('lib/convocate-agent.mjs'))];
  expect(modes).toEqual([0o755, 0o644]);
  const names = ['convocate-agent', 'lib', 'manifest.json', 'manifest.json.sig', 'skel'];
  expect((await readdir(release())).sort()).toEqual(names);
  expect(await releases()).toEqual(['v1']);
  expect((await readdir(at('lib/blobs'))).sort()).toEqual([sha256(program), sha256(library)].sort());
}

describe('unpack-release', () => {
  test('puts a release together from blobs, with its modes, whatever the umask is', async () => {
    const before = process.umask(0o077);
    try {
      expect(await unpack()).toEqual({ exitCode: 0, stdout: '', stderr: '' });
    } finally {
      process.umask(before);
    }
    await expectWhole();
    for (const folder of ['', 'lib', 'skel/.deep']) expect(await modeOf(release(folder)), folder).toBe(0o755);
    const [stored, file] = [await stat(blob(program)), await stat(release('convocate-agent'))];
    expect(file.ino).toBe(stored.ino); // one copy on disk
  });

  test('is on the disk when it has ended, and so is what it mended: its renames come before a sync', async () => {
    await mkdir(at('bin'));
    const look = 'for file in "$LIB"/releases/*/convocate-agent; do echo "$* $file"; done >> "$LIB.synced"';
    await writeFile(at('bin/sync'), `#!/bin/sh\n${look}\n`, { mode: 0o755 });
    const env = { ...process.env, LIB: at('lib'), PATH: `${at('bin')}:${process.env['PATH']}` };
    for (const harm of [async () => {}, () => rm(release('convocate-agent'))]) {
      await harm();
      const argv = scriptArgv(UNPACK_RELEASE, at('lib'), 'v1', at('signers'));
      expect(await runCommand(argv, { env, input: await parcel() })).toMatchObject({ exitCode: 0 });
      const synced = (await readFile(at('lib.synced'), 'utf8')).trim().split('\n');
      expect(synced.at(-1)).toBe(`-f ${at('lib/releases')} ${release('convocate-agent')}`);
      await rm(at('lib.synced'));
    }
  });

  test('again changes nothing', async () => {
    await unpack();
    const before = await stat(release('convocate-agent'));
    const files = await snapshot();
    expect((await unpack({ blobs: [] })).exitCode).toBe(0);
    await expectWhole();
    expect(await snapshot()).toEqual(files);
    expect((await stat(release('convocate-agent'))).ino).toBe(before.ino);
  });

  test('mends a release that is there, file by file: it is never away', async () => {
    await unpack();
    await rm(release('lib/convocate-agent.mjs'));
    await writeFile(release('lib/convocate-agent.mjs'), 'damaged');
    await rm(release('skel'), { recursive: true });
    const folder = (await stat(release())).ino;
    expect((await unpack()).exitCode).toBe(0);
    await expectWhole();
    expect((await stat(release())).ino).toBe(folder);
  });

  test.each(['current', 'previous', 'way-back'])(
    'so it is where %s names it, and its manifest is gone or damaged',
    async (link) => {
      await unpack();
      await symlink(release(), at('lib', link));
      const folder = (await stat(release())).ino;
      for (const damage of [
        () => rm(release('manifest.json')),
        () => writeFile(release('manifest.json'), '{'),
      ]) {
        await damage();
        await rm(release('convocate-agent'));
        expect((await unpack()).exitCode).toBe(0);
        await expectWhole();
        expect((await stat(release())).ino).toBe(folder);
      }
    },
  );

  test('one that nothing needs gives way to another build of its version', async () => {
    await unpack({ manifest: text(FILES.slice(0, 1)) });
    await writeFile(release('of-the-other-build'), '');
    expect((await unpack()).exitCode).toBe(0);
    await expectWhole();
  });

  test('clears away what a cut left, and takes blobs that are there already', async () => {
    await mkdir(at('lib/releases/.v1.new/x'), { recursive: true });
    await mkdir(at('lib/blobs'));
    await writeFile(blob(program), program);
    expect((await unpack({ blobs: [[sha256(library), library]] })).exitCode).toBe(0);
    await expectWhole();
  });

  test('stands beside other releases without touching them', async () => {
    await unpack();
    const before = await snapshot();
    expect((await unpack({ manifest: text(FILES, 'v2'), blobs: [] }, 'v2')).exitCode).toBe(0);
    expect(await snapshot()).toMatchObject(before);
    expect(await releases()).toEqual(['v1', 'v2']);
  });

  test('a blob that is not what its name says ends with 9, and no blob of that parcel is taken', async () => {
    const blobs = [
      [sha256(program), program],
      [sha256(library), Buffer.from('changed')],
    ] as const;
    expect(await unpack({ blobs })).toMatchObject({ exitCode: 9, stdout: '' });
    expect(await readdir(at('lib/blobs'))).toEqual([]);
    expect(await releases()).toEqual([]);
  });

  test('an archive that is damaged ends with 9, and the release that is there stays', async () => {
    await unpack();
    const whole = await parcel();
    for (const bytes of [whole.subarray(0, whole.length / 2), Buffer.from('nonsense')]) {
      expect(await run(UNPACK_RELEASE, 'v1', bytes)).toMatchObject({ exitCode: 9, stdout: '' });
      await expectWhole();
    }
  });
});

describe('a release is refused before any of it is put in place, and what is there stays,', () => {
  const other = Buffer.from('export const tampered = true;\n');
  const tampered = text(FILES.with(1, fileOf('lib/convocate-agent.mjs', other)));
  const blobs = [[sha256(other), other]] as const;

  async function expectRefused(what: Parcel, says: string, version = 'v1'): Promise<void> {
    await unpack();
    const before = await snapshot();
    const { exitCode, stdout, stderr } = await unpack(what, version);
    expect([exitCode, stdout, stderr]).toEqual([3, '', expect.stringContaining(says) as string]);
    expect(await snapshot()).toEqual(before);
    expect(await releases()).toEqual(['v1']);
  }
  const NOT_OURS = 'signature is not that of this cluster';

  test('where a program was changed, with a manifest to fit and the old signature', () =>
    expectRefused({ manifest: tampered, signed: text(), blobs }, NOT_OURS));

  test('where another cluster signed it', async () => {
    await makeKey('other');
    const signature = await signManifest(tampered, at('other'));
    await expectRefused({ manifest: tampered, signature, blobs }, NOT_OURS);
  });

  test('where it is signed for another purpose, or not at all', async () => {
    const sign = ['ssh-keygen', '-q', '-Y', 'sign', '-f', at('key'), '-n', 'file'];
    await expectRefused({ signature: await runChecked(sign, { input: text() }) }, NOT_OURS);
    await expectRefused({ signature: '' }, NOT_OURS);
  });

  test('where an earlier release that is signed comes under its name', () =>
    expectRefused({ blobs: [] }, 'the manifest is that of another version', 'v2'));

  test('where this host knows no cluster', async () => {
    const what = await parcel();
    await rm(at('signers'));
    expect(await run(UNPACK_RELEASE, 'v1', what)).toMatchObject({
      exitCode: 3,
      stderr: expect.stringContaining(`there is no ${at('signers')}`) as string,
    });
    expect(await releases()).toEqual([]);
  });

  test.each([
    ['on one line', `${JSON.stringify(manifestOf(FILES))}\n`],
    ['with a path that leads out', text().replace('lib/convocate', 'lib/../../c')],
    ['with a digest in capitals', text().replace(sha256(program), sha256(program).toUpperCase())],
  ])('where its manifest is signed, but %s', (_how, manifest) =>
    expectRefused({ manifest, blobs: [] }, 'the manifest is'),
  );
});

/** In place, as a disk does it: a blob and its names in the releases are one file, as large as before. */
const damage = (path: string): Promise<string> =>
  runChecked(['dd', `of=${path}`, 'bs=1', 'seek=3', 'conv=notrunc', 'status=none'], { input: 'X' });

describe('a blob that is damaged on the host', () => {
  beforeEach(async () => {
    await unpack();
    await unpack({ manifest: text(FILES.slice(0, 2), 'v2'), blobs: [] }, 'v2');
    await damage(blob(library));
  });
  const paths = 'lib/convocate-agent.mjs\nskel/.deep/er/copy\n';

  test('is told by the paths it has, and nothing is changed: a damaged release may still run', async () => {
    const before = await snapshot();
    expect(await unpack({ blobs: [] })).toEqual({ exitCode: 9, stdout: paths, stderr: '' });
    expect(await run(CHECK_RELEASE, 'v1')).toEqual({ exitCode: 9, stdout: paths, stderr: '' });
    expect(await snapshot()).toEqual(before);
    expect(await releases()).toEqual(['v1', 'v2']);
  });

  test('and is gone, is told as well', async () => {
    await rm(blob(library));
    expect(await unpack({ blobs: [] })).toEqual({ exitCode: 9, stdout: paths, stderr: '' });
  });

  test('is replaced by one that is sent, in every release that shares it', async () => {
    expect((await unpack({ blobs: [[sha256(library), library]] })).exitCode).toBe(0);
    expect(await run(CHECK_RELEASE, 'v1')).toEqual({ exitCode: 0, stdout: '', stderr: '' });
    expect(await run(CHECK_RELEASE, 'v2')).toEqual({ exitCode: 0, stdout: '', stderr: '' });
    const inodes = [
      blob(library),
      release('skel/.deep/er/copy'),
      at('lib/releases/v2/lib/convocate-agent.mjs'),
    ];
    expect(new Set(await Promise.all(inodes.map(async (path) => (await stat(path)).ino))).size).toBe(1);
  });
});

describe('check-release', () => {
  const check = async (): Promise<unknown> => {
    const before = await snapshot();
    const { exitCode, stdout } = await run(CHECK_RELEASE, 'v1');
    expect(await snapshot()).toEqual(before);
    return [exitCode, stdout];
  };
  beforeEach(async () => {
    await unpack();
  });

  test('says nothing of a whole release, also where a file is no link to its blob', async () => {
    expect(await check()).toEqual([0, '']);
    await rm(release('convocate-agent'));
    await writeFile(release('convocate-agent'), program);
    expect(await check()).toEqual([0, '']);
  });

  test('needs no openssl, and believes none that is wrong', async () => {
    await mkdir(at('bin'));
    await writeFile(at('bin/openssl'), '#!/bin/sh\necho nonsense\n', { mode: 0o755 });
    const argv = scriptArgv(CHECK_RELEASE, at('lib'), 'v1', at('signers'));
    const env = { ...process.env, PATH: `${at('bin')}:${process.env['PATH']}` };
    expect(await runCommand(argv, { env })).toMatchObject({ exitCode: 0, stdout: '' });
    await writeFile(blob(library), 'export {}\n;');
    expect(await runCommand(argv, { env })).toMatchObject({ exitCode: 9 });
  });

  test('names a file that is gone, or is another than its blob', async () => {
    await rm(release('convocate-agent'));
    await rm(release('lib/convocate-agent.mjs'));
    await writeFile(release('lib/convocate-agent.mjs'), 'export {}\n;');
    expect(await check()).toEqual([9, 'convocate-agent\nlib/convocate-agent.mjs\n']);
  });

  test.each([
    ['manifest', () => writeFile(release('manifest.json'), text().replace('"x"', '"y"'))],
    ['signature', () => rm(release('manifest.json.sig'))],
    ['manifest with all else', () => rm(dirname(release()), { recursive: true })],
  ])('trusts no %s that is not what was signed', async (_what, harm) => {
    await harm();
    expect(await check()).toEqual([9, 'manifest.json\n']);
  });
});
