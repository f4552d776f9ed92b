import { once } from 'node:events';
import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { pollUntil } from '../../src/base/deadline.ts';
import { runCommand, startProcess } from '../../src/base/run-command.ts';
import { ShellClient } from '../../src/cluster/shell-client.ts';
import { ScriptedAgent, soundKeyPair } from './cluster-scripted-agent.ts';

const BUG = new URL('support/bug-on-signal.ts', import.meta.url).pathname;
const MAIN = new URL('../../src/convocate/main.ts', import.meta.url).pathname;
let dir: string;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'convocate-serve-'));
});

afterEach(async () => {
  await rm(dir, { recursive: true, force: true });
});

function argv(): string[] {
  const places = ['--socket', join(dir, 'shell.sock'), '--agent-keys', join(dir, 'agent-keys')];
  const key = ['--host-key', join(dir, 'host_key')];
  const listener = ['--address', '127.0.0.1', '--port', '0'];
  return [process.execPath, '--import', BUG, MAIN, 'status-serve', ...places, ...key, ...listener];
}

test('serves, tells systemd when it is ready, and stops on SIGTERM though an agent is being dialled', async () => {
  await writeFile(join(dir, 'host_key'), soundKeyPair('status').privateKey);
  // systemd is played by a stand-in for systemd-notify that writes down what it was told
  const notified = join(dir, 'notified');
  await writeFile(join(dir, 'systemd-notify'), `#!/bin/sh\necho "$@" >> ${notified}\n`);
  await chmod(join(dir, 'systemd-notify'), 0o755);
  await using hung = new ScriptedAgent('aaaaaaaa', 'hung');
  hung.handlers.set('ping', () => new Promise(() => {}));
  await hung.start();
  await hung.register(join(dir, 'agent-keys'));

  const child = startProcess(argv(), {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, PATH: `${dir}:${process.env['PATH']}`, NOTIFY_SOCKET: '/run/nobody' },
  });
  try {
    await pollUntil(async () => (await readFile(notified, 'utf8').catch(() => '')) || undefined, {
      timeoutMs: 15_000,
      intervalMs: 20,
      what: 'readiness',
    });
    expect(await readFile(notified, 'utf8')).toBe('--ready\n');
    const client = new ShellClient({ user: 'ann', from: 'local' }, join(dir, 'shell.sock'));
    expect(await client.agents()).toMatchObject([{ host: 'hung', up: false }]);
    const { gid, mode } = await stat(join(dir, 'shell.sock'));
    expect({ gid, mode: mode & 0o777 }).toEqual({ gid: 1337, mode: 0o660 });
  } finally {
    const exited = once(child, 'exit');
    child.kill('SIGTERM');
    expect(await exited).toEqual([0, null]);
  }
});

test('without its host key it fails at once and says what makes one', async () => {
  const { exitCode, stderr } = await runCommand(argv());
  expect(exitCode).toBe(1);
  expect(stderr).toContain('the host key of the status listener cannot be read');
  expect(stderr).toContain('convocate-host init-shell');
});

test('a bug that nobody caught ends it, with the stack in its log', async () => {
  await writeFile(join(dir, 'host_key'), soundKeyPair('status').privateKey);
  const child = startProcess(argv(), { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(child, 'close');
  let log = '';
  child.stdout?.on('data', (chunk: Buffer) => {
    log += chunk.toString();
    if (log.includes('"serving"')) child.kill('SIGUSR2');
  });
  expect(await exited).toEqual([1, null]);
  const last = JSON.parse(log.trim().split('\n').at(-1) ?? '') as { msg: string; err: { stack: string } };
  expect(last.msg).toBe('a bug: the service ends, and systemd starts it again');
  expect(last.err.stack).toMatch(/a bug that nobody caught\n +at .*bug-on-signal/);
});
