import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { CommandResult } from '../../base/run-command.ts';
import { checkItems, converge } from './converge.ts';
import { dockerItems } from './docker-items.ts';

const CONFIG = '/etc/docker/daemon.json';
/** What lies on the host, by path. */
const files = new Map<string, string>();
let liveRestore: boolean;
let mainPid: string;
let reloads: number;

vi.mock('node:fs/promises', async (original) => ({
  ...(await original<typeof import('node:fs/promises')>()),
  readFile: (path: string) => {
    const text = files.get(path);
    if (text !== undefined) return Promise.resolve(text);
    return Promise.reject(Object.assign(new Error(`ENOENT: ${path}`), { code: 'ENOENT' }));
  },
}));
vi.mock('../../base/run-command.ts', () => {
  const runCommand = (argv: readonly string[]): Promise<CommandResult> => {
    const done = (stdout: string): Promise<CommandResult> =>
      Promise.resolve({ exitCode: 0, stdout, stderr: '' });
    switch (argv.join(' ')) {
      case 'docker info --format {{json .}}':
        return done(JSON.stringify({ CgroupDriver: 'systemd', LiveRestoreEnabled: liveRestore }));
      case 'systemctl show docker.service --property=MainPID --value':
        return done(`${mainPid}\n`);
      case 'systemctl reload docker.service':
        reloads += 1;
        liveRestore = true;
        return done('');
      default:
        throw new Error(`nobody announced ${argv.join(' ')}`);
    }
  };
  return { runCommand, runChecked: async (argv: readonly string[]) => (await runCommand(argv)).stdout };
});
vi.mock('./file-items.ts', () => ({
  rewriteFile: (path: string, text: string) => Promise.resolve(files.set(path, text)),
}));

const startedWith = (...words: string[]): void => {
  files.set('/proc/42/cmdline', `${['/usr/sbin/dockerd', ...words].join('\0')}\0`);
};
const drift = async (): Promise<string | undefined> =>
  (await checkItems(dockerItems())).find(({ state }) => state === 'drift')?.detail;

beforeEach(() => {
  files.clear();
  files.set(CONFIG, '{"proxies":{}}');
  liveRestore = true;
  mainPid = '42';
  reloads = 0;
  startedWith('-H', 'fd://');
});
afterEach(() => void vi.useRealTimers());

test('live-restore that is off is put into the file, beside what is there, and Docker told', async () => {
  liveRestore = false;
  expect(await drift()).toBe('is off: a restart of Docker would end every session');
  await converge(dockerItems());
  expect(JSON.parse(files.get(CONFIG) ?? '')).toEqual({ proxies: {}, 'live-restore': true });
  expect(reloads).toBe(1);
  expect(await drift()).toBeUndefined();
});

test('one that is on, and gone from the file, is put there again', async () => {
  expect(await drift()).toBe(`is not in ${CONFIG}: it would be off after the next restart of Docker`);
  await converge(dockerItems());
  expect(JSON.parse(files.get(CONFIG) ?? '')).toMatchObject({ 'live-restore': true });
});

test.each([
  ['by an option of the process', () => startedWith('--live-restore')],
  ['by an option with its value', () => startedWith('-H', 'fd://', '--live-restore=true')],
  ['by what cannot be seen', () => void (mainPid = '0')],
  [
    'by what a wrapper may have told it',
    () => files.set('/proc/42/cmdline', '/bin/sh\0/usr/local/sbin/dockerd\0'),
  ],
])('one that is on %s is left alone: Docker does not start where both say it', async (_how, start) => {
  start();
  expect(await drift()).toBeUndefined();
  await converge(dockerItems());
  expect(files.get(CONFIG)).toBe('{"proxies":{}}');
});

test('one that an option turns off is for the operator to mend', async () => {
  liveRestore = false;
  startedWith('--live-restore=false');
  await expect(converge(dockerItems())).rejects.toMatchObject({
    message: `Docker is started with --live-restore=false, so ${CONFIG} must not speak of it`,
    exit: 1,
  });
  expect([files.get(CONFIG), reloads]).toEqual(['{"proxies":{}}', 0]);
});
