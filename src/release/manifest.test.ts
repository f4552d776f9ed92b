import { describe, expect, test } from 'vitest';
import { OperationError } from '../base/errors.ts';
import { Manifest, fileOf, parseManifest, serializeManifest } from './manifest.ts';

const DIGEST = 'a'.repeat(64);
const manifest: Manifest = {
  format: 1,
  version: 'v1.2.3',
  git_revision: '53e82ab',
  protocol: { min: 1, max: 1 },
  requires: { machine: 'x86_64', glibc: '2.28' },
  inputs_digest: DIGEST,
  files: [
    { path: 'VERSION', sha256: DIGEST, size: 7, executable: false },
    { path: 'skel/claude/settings.json', sha256: DIGEST, size: 0, executable: false },
  ],
  image: {
    tag: 'convocate:v1.2.3',
    config_digest: DIGEST,
    manifest_digest: DIGEST,
    layers: [{ diff_id: DIGEST, size: 10 }],
    base: 'ubuntu:24.04',
    toolchain: 'full',
  },
};
const withPath = (path: string): unknown => ({ ...manifest, files: [{ ...manifest.files[0], path }] });

test('a manifest is read as it was written', () => {
  expect(parseManifest(serializeManifest(manifest), 'here', 'mend it')).toEqual(manifest);
  expect(serializeManifest(manifest).endsWith('}\n')).toBe(true);
});

describe('a path of a file', () => {
  test.each(['VERSION', 'lib/convocate-agent.mjs', 'install/files.json', 'skel/.bashrc', 'a_b/c-d', 'x'])(
    'may be %s',
    (path) => {
      expect(Manifest.safeParse(withPath(path)).success).toBe(true);
    },
  );

  test.each([
    ...[
      '',
      '/',
      '/etc/passwd',
      '..',
      '../x',
      'a/..',
      'a/../b',
      'a/../../b',
      './a',
      '.hidden',
      'a//b',
      'a/',
      'a/.',
      '-rf',
    ],
    ...['a b', 'a\n', 'a\0', 'a\\b', '~', 'ä', 'a..b', '$(id)', "it's"],
  ])('is not %j', (path) => {
    expect(Manifest.safeParse(withPath(path)).success).toBe(false);
  });
});

describe('a manifest is refused with', () => {
  const wrong: Record<string, unknown> = {
    'another format': { ...manifest, format: 2 },
    'a version that is no path segment': { ...manifest, version: '../v1' },
    'a digest that is too short': { ...manifest, inputs_digest: 'a'.repeat(63) },
    'a digest in capitals': { ...manifest, inputs_digest: 'A'.repeat(64) },
    'a digest with its prefix': { ...manifest, inputs_digest: `sha256:${DIGEST}` },
    'a size below zero': { ...manifest, files: [{ ...manifest.files[0], size: -1 }] },
    'half a size': { ...manifest, files: [{ ...manifest.files[0], size: 0.5 }] },
    'no layers': { ...manifest, image: { ...manifest.image, layers: [] } },
    'no image': { ...manifest, image: undefined },
    'no files': { ...manifest, files: undefined },
  };
  test.each(Object.entries(wrong))('%s', (_what, value) => {
    expect(Manifest.safeParse(value).success).toBe(false);
  });
});

test.each(['', '{', '[]', 'null', '{"format":1}'])(
  'a damaged manifest %j is told, with its place and what to do',
  (text) => {
    expect(() => parseManifest(text, '/x/manifest.json', 'mend it')).toThrow(
      expect.objectContaining({
        name: 'OperationError',
        message: 'the release manifest /x/manifest.json is damaged',
        details: expect.objectContaining({ hint: 'mend it' }) as unknown,
      }) as OperationError,
    );
  },
);

test('a file is found by its path, and a missing one is an error', () => {
  expect(fileOf(manifest, 'VERSION')).toBe(manifest.files[0]);
  expect(() => fileOf(manifest, 'version')).toThrow(new OperationError('release v1.2.3 has no file version'));
});
