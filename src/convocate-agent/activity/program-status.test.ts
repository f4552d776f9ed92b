import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parseStatus, readProgramStatus } from './program-status.ts';

const NOW = 1_800_000_000_000;

let root: string;
let home: string;
const at = (name: string): string => join(home, '.claude/sessions', name);

/** As Claude Code 2.1.330 writes it, some of it left out. */
const stored = (fields: Record<string, unknown> = {}): string =>
  JSON.stringify({
    ...{
      pid: 19,
      sessionId: 'a708b080-6fbb-459b-8f1c-83fcebad2655',
      cwd: '/home/claude',
      kind: 'interactive',
    },
    ...{ tmux: 'session:@0.%0', status: 'busy', updatedAt: NOW - 9_000, statusUpdatedAt: NOW - 9_000 },
    ...fields,
  });

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'convocate-status-'));
  home = join(root, 'home');
  mkdirSync(join(home, '.claude/sessions'), { recursive: true });
});
afterEach(() => rmSync(root, { recursive: true }));

test('a status is read', async () => {
  writeFileSync(at('19.json'), stored());
  writeFileSync(at('19.e8da3c23.key'), '{"peerToken":"secret"}');
  expect(await readProgramStatus(home, NOW)).toEqual({ state: 'busy', detail: '', atMs: NOW - 9_000 });
});

test('the newest counts, of the processes in the pane of the session', async () => {
  writeFileSync(at('19.json'), stored());
  writeFileSync(at('20.json'), stored({ status: 'idle', statusUpdatedAt: NOW - 8_000 }));
  writeFileSync(at('21.json'), stored({ status: 'waiting', statusUpdatedAt: NOW - 9_500 }));
  writeFileSync(at('22.json'), stored({ statusUpdatedAt: NOW - 1_000, tmux: 'session:@1.%1' }));
  writeFileSync(at('23.json'), stored({ statusUpdatedAt: NOW - 1_000, tmux: undefined }));
  expect(await readProgramStatus(home, NOW)).toMatchObject({ state: 'idle', atMs: NOW - 8_000 });
});

test('of many that killed processes left, those that were written last are read, and no more', async () => {
  const write = (pid: number, ageSeconds: number, fields: Record<string, unknown>): void => {
    const name = at(`${pid}.json`);
    writeFileSync(name, stored(fields));
    utimesSync(name, NOW / 1_000, NOW / 1_000 - ageSeconds);
  };
  for (let pid = 900; pid < 915; pid += 1) write(pid, 60, { statusUpdatedAt: NOW - 60_000 });
  write(7, 8, { status: 'idle', statusUpdatedAt: NOW - 8_000 }); // numbers begin anew
  write(950, 3_600, { status: 'waiting', statusUpdatedAt: NOW - 1_000 });
  expect(await readProgramStatus(home, NOW)).toMatchObject({ state: 'idle', atMs: NOW - 8_000 });
});

test.each<[string, Record<string, unknown>]>([
  ['of another kind', { status: 'shell' }],
  ['without a time', { statusUpdatedAt: undefined }],
])('one %s is none', (_, fields) => {
  expect(parseStatus(stored(fields), NOW)).toBeUndefined();
});

test('what it waits for is told, short and plain; a time to come is now', () => {
  const text = stored({
    status: 'waiting',
    waitingFor: `\u001b[2Jpermission prompt${'.'.repeat(90)}`,
    statusUpdatedAt: NOW + 5_000,
  });
  const detail = `[2Jpermission prompt${'.'.repeat(59)}`;
  expect(parseStatus(text, NOW)).toEqual({ state: 'waiting', detail, atMs: NOW });
});

test('a menu says nothing, and least of all that what a killed process left is so still', async () => {
  writeFileSync(at('19.json'), stored({ status: 'waiting', waitingFor: 'permission prompt' }));
  writeFileSync(
    at('20.json'),
    stored({ status: 'waiting', waitingFor: 'dialog open', statusUpdatedAt: NOW - 5 }),
  );
  expect(await readProgramStatus(home, NOW)).toBeUndefined();
});

describe('what a session may put there instead', () => {
  const tricks: Record<string, () => void> = {
    nothing: () => rmSync(join(home, '.claude'), { recursive: true }),
    'a link to another file': () => {
      writeFileSync(join(root, 'secret'), stored());
      symlinkSync(join(root, 'secret'), at('19.json'));
    },
    'a pipe that nobody writes to': () => execFileSync('mkfifo', [at('19.json')]),
    'a file without end': () => writeFileSync(at('19.json'), stored({ name: 'x'.repeat(9_000) })),
    garbage: () => writeFileSync(at('19.json'), '\u0000{"status":'),
    'a link in place of a directory above': () => {
      writeFileSync(at('19.json'), stored());
      renameSync(join(home, '.claude'), join(root, 'elsewhere'));
      symlinkSync(join(root, 'elsewhere'), join(home, '.claude'));
    },
  };
  test.each(Object.entries(tricks))('%s tells nothing', async (_, play) => {
    play();
    expect(await readProgramStatus(home, NOW)).toBeUndefined();
  });
});
