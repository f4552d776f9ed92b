import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { isAlive, pidFileIsCurrent, removeStalePidFile, writePidFile } from './pid-file.ts';

const directory = mkdtempSync(join(tmpdir(), 'pid-file-'));
const path = join(directory, 'daemon.pid');
// Its argv holds the directory, as a daemon's holds the path of its own pid file.
const daemon = spawn('sleep', ['60'], { argv0: `sleep --state=${directory}`, stdio: 'ignore' });
afterAll(() => {
  daemon.kill('SIGKILL');
  rmSync(directory, { recursive: true });
});

const endedPid = async (): Promise<number> => {
  const child = spawn('true');
  await once(child, 'close');
  return Number(child.pid);
};

describe('a process that was noted', () => {
  test('is current while it runs', () => {
    writePidFile(path, process.pid);
    expect(pidFileIsCurrent(path)).toBe(true);
  });

  test('is not when its number has passed to a process that started later', () => {
    writeFileSync(path, `${process.pid} 1\n`);
    expect(pidFileIsCurrent(path)).toBe(false);
  });

  test.each([
    ['gone', '/nowhere/daemon.pid'],
    ['empty', path],
  ])('is not when its file is %s', (_, file) => {
    writeFileSync(path, '');
    expect(pidFileIsCurrent(file)).toBe(false);
  });

  test('is not once it has ended', async () => {
    const pid = await endedPid();
    expect(isAlive(pid)).toBe(false);
    writePidFile(path, pid);
    expect(pidFileIsCurrent(path)).toBe(false);
  });
});

describe("a daemon's pid file", () => {
  test('stays while the daemon runs', () => {
    writeFileSync(path, `${daemon.pid}`);
    removeStalePidFile(path, directory);
    expect(existsSync(path)).toBe(true);
  });

  test.each([
    ['holds the number of a stranger', () => process.pid],
    ['holds the number of nobody', endedPid],
    ['holds nonsense', () => 'x'],
    ['is empty', () => ''],
  ])('goes when it %s', async (_, content) => {
    writeFileSync(path, `${await content()}`);
    removeStalePidFile(path, directory);
    expect(existsSync(path)).toBe(false);
  });

  test('may be missing', () => {
    removeStalePidFile(path, directory);
    expect(existsSync(path)).toBe(false);
  });
});
