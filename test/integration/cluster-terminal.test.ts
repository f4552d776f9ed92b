import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { pollUntil } from '../../src/base/deadline.ts';
import { runChecked, runCommand } from '../../src/base/run-command.ts';
import { serviceLogTo } from '../../src/convocate/status-service/service-log.ts';
import { type StatusService, startStatusService } from '../../src/convocate/status-service/status-service.ts';
import { type Frame, FrameParser, encodeFrame } from '../../src/protocol/attach-frames.ts';
import { ScriptedAgent, type TerminalOfAgent, soundKeyPair } from './cluster-scripted-agent.ts';
import { isAlive } from './support/is-alive.ts';

/** `convocate attach` and `rm` on a real terminal: a pane of tmux, read and typed into from outside. */
const MAIN = new URL('../../src/convocate/main.ts', import.meta.url).pathname;
const BUG = new URL('support/bug-on-signal.ts', import.meta.url).pathname;

// A terminal, a shell and a program in it: many waits, each with its own end.
vi.setConfig({ testTimeout: 60_000 });

let dir: string;
let service: StatusService;
let agent: ScriptedAgent;
let tmux: readonly string[];

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'convocate-terminal-'));
  agent = new ScriptedAgent('aaaaaaaa', 'one');
  await agent.start();
  await agent.register(join(dir, 'agent-keys'));
  await writeFile(join(dir, 'host_key'), soundKeyPair('status').privateKey);
  service = await startStatusService({
    log: serviceLogTo({ write: () => {} }),
    agentKeysDir: join(dir, 'agent-keys'),
    hostKeyFile: join(dir, 'host_key'),
    socketPath: join(dir, 'shell.sock'),
    address: '127.0.0.1',
    port: 0,
    backoff: () => 20,
  });
  tmux = ['tmux', '-S', join(dir, 'tmux.sock'), '-f', '/dev/null'];
});

afterEach(async () => {
  await runCommand([...tmux, 'kill-server']);
  await service.close();
  await agent.stop();
  await rm(dir, { recursive: true, force: true });
});

async function openPane(): Promise<void> {
  const env = { ...process.env, CONVOCATE_SOCKET: join(dir, 'shell.sock') };
  await runChecked([...tmux, 'new-session', '-d', '-x', '100', '-y', '30', 'sh'], { env });
  await pollUntil(async () => (service.live.client('aaaaaaaa') ? true : undefined), {
    timeoutMs: 10_000,
    intervalMs: 10,
    what: 'the agent being up',
  });
  await screenWith(/[$#]/);
}

/** Runs a verb in the pane; the shell prints its pid and its exit code. */
async function run(...args: string[]): Promise<void> {
  await type(
    `sh -c 'echo PID=$$; exec ${process.execPath} --import ${BUG} ${MAIN} ${args.join(' ')}'; echo "EXIT=$?"`,
  );
  await press('Enter');
}

/** Opens a running session by this name, which the agent shows so; gives what is on the screen then. */
async function attachToMine(show: (terminal: TerminalOfAgent) => void): Promise<string> {
  agent.addSession('mine', { running: true });
  agent.onAttach = show;
  await openPane();
  await run('attach', 'mine');
  return await screenWith('ready>');
}

async function programPid(): Promise<number> {
  const pane = await runChecked([...tmux, 'display-message', '-p', '#{pane_pid}']);
  return Number((await runChecked(['ps', '-o', 'pid=', '--ppid', pane.trim()])).trim().split(/\s+/)[0]);
}

async function type(text: string): Promise<void> {
  await runChecked([...tmux, 'send-keys', '-l', text]);
}

async function press(key: string): Promise<void> {
  await runChecked([...tmux, 'send-keys', key]);
}

async function screen(): Promise<string> {
  return await runChecked([...tmux, 'capture-pane', '-p', '-J']);
}

async function screenWith(wanted: string | RegExp): Promise<string> {
  let last = '';
  try {
    return await pollUntil(
      async () => {
        last = await screen();
        return (typeof wanted === 'string' ? last.includes(wanted) : wanted.test(last)) ? last : undefined;
      },
      { timeoutMs: 15_000, intervalMs: 20, what: `the screen with ${String(wanted)}` },
    );
  } catch (error) {
    throw new Error(`${String(error)}; it shows:\n${last}`, { cause: error });
  }
}

async function until(what: string, probe: () => boolean): Promise<void> {
  await pollUntil(async () => probe() || undefined, { timeoutMs: 15_000, intervalMs: 10, what });
}

/** What the pane's terminal is set to, and that the shell in it still takes every key. */
async function expectTerminalRestored(): Promise<void> {
  const flags = '#{alternate_on} #{mouse_any_flag} #{cursor_flag}';
  expect((await runChecked([...tmux, 'display-message', '-p', flags])).trim()).toBe('0 0 1');
  await type('stty -a; echo after');
  await press('Enter');
  const shown = await screenWith(/^after *$/m);
  expect(shown).toMatch(/[^-]icanon/);
  expect(shown).toMatch(/[^-]echo /);
  expect(shown).toMatch(/[^-]opost/);
}

const fullScreen = ({ channel }: TerminalOfAgent): void => {
  channel.write('\u001b[?1049h\u001b[?1000h\u001b[?25l\u001b[Habc\ndef ready> ');
  channel.on('data', (keys: Buffer) => {
    if (keys.toString() === 'Q') channel.write('\u001b[?25h\u001b[?1000l\u001b[?1049l');
    channel.write(keys);
    if (keys.toString() !== 'Q') return;
    channel.exit(0);
    channel.end();
  });
  channel.on('end', () => {
    channel.exit(0);
    channel.end();
  });
  channel.resume();
};

test('shows the session at its size, passes keys and resizes, and gives the terminal back', async () => {
  const shown = await attachToMine(fullScreen);
  expect(
    shown
      .split('\n')
      .slice(0, 2)
      .map((line) => line.trimEnd()),
  ).toEqual(['abc', '   def ready>']); // a line feed is a line feed only
  expect(agent.terminals[0]?.header).toMatchObject({ cols: 100, rows: 30, read_only: false });
  await type('hello');
  await screenWith('ready> hello');
  await runChecked([...tmux, 'resize-window', '-x', '120', '-y', '40']);
  await until('the new size', () => agent.terminals[0]?.sizes.at(-1)?.join() === '120,40');
  await type('Q');
  await screenWith('EXIT=0');
  expect(await screen()).toMatch(/left mine \([0-9a-f-]+\) on one; it goes on running/);
  await expectTerminalRestored();
});

test.each(['SIGTERM', 'SIGHUP'] as const)('gives the terminal back on %s', async (signal) => {
  await attachToMine(fullScreen);
  process.kill(await programPid(), signal);
  await screenWith('EXIT=1');
  expect(await screen()).toContain(`ended by ${signal}; mine`);
  await expectTerminalRestored();
});

test('a bug that nobody caught gives the terminal back, and is told in words', async () => {
  await attachToMine(fullScreen);
  process.kill(await programPid(), 'SIGUSR2');
  const text = await screenWith('EXIT=1');
  expect(text).toMatch(/^internal error: a bug that nobody caught\n +this is a bug/m);
  expect(text).not.toMatch(/^\s+at /m);
  await expectTerminalRestored();
});

test('a terminal that is closed ends the attach: the program goes, and the agent hears of it', async () => {
  let left = false;
  await attachToMine((terminal) => {
    fullScreen(terminal);
    terminal.channel.on('close', () => (left = true));
  });
  const pid = await programPid();
  await runChecked([...tmux, 'kill-pane']);
  await until('the end of the program', () => !isAlive(pid));
  await until('the channel to the agent to close', () => left);
});

test('with an agent of an older release a lost connection is the end, said plainly', async () => {
  await attachToMine(fullScreen);
  await agent.stop();
  await screenWith('EXIT=1');
  expect(await screen()).toContain('was lost; the session goes on');
  await expectTerminalRestored();
});

/** As an agent that speaks frames: a screen, and an echo of the keys. It keeps nothing when its channel is gone. */
const framedScreen = ({ header, channel }: TerminalOfAgent): void => {
  if (header.resumable?.received !== undefined) {
    channel.end('{"ok":false,"error":"not held any more","code":"not_found"}\n');
    return;
  }
  const say = (frame: Frame): void => void channel.write(encodeFrame(frame));
  const parser = new FrameParser();
  say({ type: 'hello', keys: 0, output: 0 });
  say({ type: 'data', bytes: Buffer.from('\u001b[?1049h\u001b[?1000h\u001b[Hready> ') });
  channel.on('data', (bytes: Buffer) => {
    parser.push(bytes, (frame) => {
      if (frame.type === 'data') say({ type: 'data', bytes: frame.bytes });
    });
  });
  channel.resume();
};

test('shows a loss on the bottom row, comes back by itself, and sends what was typed meanwhile', async () => {
  await attachToMine(framedScreen);
  await agent.stop();
  const shown = await screenWith('connection to mine on one lost, trying again');
  expect(shown.trimEnd().split('\n')).toHaveLength(30);
  expect(shown).toContain('ready>');
  await type('typed meanwhile');
  await agent.start();
  expect(await screenWith('ready> typed meanwhile')).not.toContain('connection to');
  expect(agent.terminals.at(-1)?.header).toMatchObject({ start: false });

  await agent.stop();
  await screenWith('connection to mine on one lost');
  for (const key of ['C-c', 'C-c', 'C-c']) await press(key);
  await screenWith('EXIT=0');
  expect(await screen()).toMatch(/left mine \([0-9a-f-]+\) on one while the connection was lost/);
  await expectTerminalRestored();
});

test.each(['SIGTERM', 'SIGHUP'] as const)(
  'gives the terminal back on %s while the connection is lost',
  async (signal) => {
    await attachToMine(framedScreen);
    await agent.stop();
    await screenWith('trying again');
    const pid = await runChecked([...tmux, 'display-message', '-p', '#{pane_pid}']);
    const children = (await runChecked(['ps', '-o', 'pid=', '--ppid', pid.trim()])).trim().split(/\s+/);
    process.kill(Number(children[0]), signal);
    await screenWith('EXIT=1');
    await expectTerminalRestored();
  },
);

test('a refusal leaves the terminal alone', async () => {
  agent.addSession('mine');
  agent.onAttach = ({ channel }) => void channel.end('{"ok":false,"error":"image convocate:v0 is gone"}\n');
  await openPane();
  await run('attach', 'mine');
  expect(await screenWith('EXIT=3')).toContain('error: image convocate:v0 is gone');
  await expectTerminalRestored();
});

test('rm asks, and takes Enter and Ctrl-D for No', async () => {
  const session = agent.addSession('mine', { running: true });
  await openPane();
  for (const key of ['Enter', 'C-d']) {
    await type('clear');
    await press('Enter');
    await run('rm', 'mine');
    await screenWith(/Remove mine \(.*\) on one, which is running, and everything in its home\? \[y\/N\]/s);
    await press(key);
    expect(await screenWith('EXIT=3')).toContain('error: not removed: mine');
  }
  expect(agent.sessions.has(session.uuid)).toBe(true);
  await type('clear');
  await press('Enter');
  await run('rm', 'mine');
  await screenWith('[y/N]');
  await type('y');
  await press('Enter');
  await screenWith('EXIT=0');
  expect(agent.sessions.has(session.uuid)).toBe(false);
});
