import {
  type PathLike,
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { copyTree } from './copy-tree.ts';

/** As the agent's unit has it with `RestrictSUIDSGID`: whoever asks for such a mode is refused. */
function asked(mode: unknown): void {
  if (typeof mode === 'number' && (mode & 0o6000) !== 0)
    throw Object.assign(new Error('EPERM: operation not permitted'), { code: 'EPERM' });
}

vi.mock('node:fs/promises', async (original) => {
  const real = await original<typeof import('node:fs/promises')>();
  return {
    ...real,
    chmod: async (path: PathLike, mode: number) => {
      asked(mode);
      await real.chmod(path, mode);
    },
    copyFile: async (from: PathLike, to: PathLike, flags?: number) => {
      asked(statSync(from).mode); // it gives the target the mode of its source
      await real.copyFile(from, to, flags);
    },
  };
});

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'convocate-set-id-'));
  mkdirSync(join(root, 'source'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const at = (path: string): string => join(root, path);
const modeOf = (path: string): number => lstatSync(at(path)).mode & 0o7777;

test('what has set-id bits is copied without them, and counted', async () => {
  const content = 'tool '.repeat(100_000);
  writeFileSync(at('source/tool'), content);
  writeFileSync(at('source/empty'), '');
  mkdirSync(at('source/shared'));
  writeFileSync(at('source/shared/plain'), 'plain');
  chmodSync(at('source/tool'), 0o4755);
  chmodSync(at('source/empty'), 0o6640);
  chmodSync(at('source/shared'), 0o3770);
  chmodSync(at('source/shared/plain'), 0o644);
  utimesSync(at('source/tool'), 1000, 2000);
  expect(await copyTree(at('source'), at('copy'))).toEqual({ skipped: 0, stripped: 3 });
  expect([modeOf('copy/tool'), modeOf('copy/empty'), modeOf('copy/shared')]).toEqual([0o755, 0o640, 0o1770]);
  expect(readFileSync(at('copy/tool'), 'utf8')).toBe(content);
  expect(lstatSync(at('copy/tool')).mtimeMs).toBe(2_000_000);
  expect(readFileSync(at('copy/empty'), 'utf8')).toBe('');
  expect(readFileSync(at('copy/shared/plain'), 'utf8')).toBe('plain');
  expect(modeOf('source/tool')).toBe(0o4755);
});

test('a shorter one that is laid over a longer takes its place whole', async () => {
  mkdirSync(at('copy'));
  writeFileSync(at('copy/tool'), 'a longer old one');
  writeFileSync(at('source/tool'), 'new');
  chmodSync(at('source/tool'), 0o4755);
  await copyTree(at('source'), at('copy'), { overlay: true });
  expect(readFileSync(at('copy/tool'), 'utf8')).toBe('new');
  expect(modeOf('copy/tool')).toBe(0o755);
});
