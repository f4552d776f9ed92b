import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { prepareReports, parseReport, readReport } from './report-file.ts';

const NOW = 1_800_000_000_000;
const GOOD = '{"state":"waiting","detail":"permission to use Bash","at":1799999999000}\n';
const me = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };

let root: string;
let home: string;
const at = (name: string): string => join(home, '.convocate', name);

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'convocate-report-'));
  home = join(root, 'home');
  mkdirSync(join(home, '.convocate'), { recursive: true });
});
afterEach(() => rmSync(root, { recursive: true }));

test('a report is read', async () => {
  writeFileSync(at('activity.json'), GOOD);
  expect(await readReport(home, NOW)).toEqual({
    state: 'waiting',
    detail: 'permission to use Bash',
    atMs: 1_799_999_999_000,
  });
});

describe('what a session may put there instead', () => {
  const secret = (): string => {
    const path = join(root, 'secret');
    writeFileSync(path, GOOD);
    return path;
  };
  const tricks: Record<string, () => void> = {
    nothing: () => {},
    'a link to another file': () => symlinkSync(secret(), at('activity.json')),
    'a pipe that nobody writes to': () => execFileSync('mkfifo', [at('activity.json')]),
    'a directory': () => mkdirSync(at('activity.json')),
    'a file without end': () => writeFileSync(at('activity.json'), GOOD.padEnd(5_000)),
    garbage: () => writeFileSync(at('activity.json'), '\u0000{"state":'),
    'an unknown state': () => writeFileSync(at('activity.json'), '{"state":"root","at":1}'),
    'a link in place of the directory': () => {
      secret();
      rmSync(join(home, '.convocate'), { recursive: true });
      mkdirSync(join(root, 'elsewhere'));
      writeFileSync(join(root, 'elsewhere/activity.json'), GOOD);
      symlinkSync(join(root, 'elsewhere'), join(home, '.convocate'));
    },
  };
  test.each(Object.entries(tricks))('%s is no report', async (_, play) => {
    play();
    expect(await readReport(home, NOW)).toBeUndefined();
  });
});

test('a report from the future is of now; what a terminal would obey is taken out; it is never long', () => {
  const text = JSON.stringify({
    state: 'idle',
    detail: `\u001b[2J${'ä'.repeat(200)}\u202e`,
    at: NOW + 5_000,
  });
  expect(parseReport(text, NOW)).toEqual({ state: 'idle', detail: `[2J${'ä'.repeat(76)}`, atMs: NOW });
});

test('whatever the detail, it stays short and plain', { timeout: 30_000 }, () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (detail) => {
      const report = parseReport(JSON.stringify({ state: 'working', detail, at: 1 }), NOW);
      expect(Array.from(report.detail).length).toBeLessThanOrEqual(80);
      expect(report.detail).not.toMatch(/\p{Cc}/u);
    }),
  );
});

test('its directory is made for the session alone, and holds nothing of the run before', async () => {
  const fresh = join(root, 'fresh');
  mkdirSync(fresh);
  await prepareReports(fresh, me);
  await prepareReports(fresh, me);
  expect(statSync(join(fresh, '.convocate')).mode & 0o777).toBe(0o700);
  writeFileSync(at('activity.json'), GOOD);
  await prepareReports(home, me);
  expect(await readReport(home, NOW)).toBeUndefined();
});

test('nothing is made or removed by way of a link', async () => {
  rmSync(join(home, '.convocate'), { recursive: true });
  mkdirSync(join(root, 'elsewhere'));
  writeFileSync(join(root, 'elsewhere/activity.json'), GOOD);
  symlinkSync(join(root, 'elsewhere'), join(home, '.convocate'));
  await prepareReports(home, me);
  expect(statSync(join(root, 'elsewhere/activity.json')).size).toBe(GOOD.length);
});
