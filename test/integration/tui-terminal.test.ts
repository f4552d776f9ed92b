import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { type Server, type Socket, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, test, vi } from 'vitest';
import { pollUntil } from '../../src/base/deadline.ts';
import { runChecked, runCommand } from '../../src/base/run-command.ts';
import { readFirstLine, writeJsonLine } from '../../src/ssh/json-channel.ts';
import { agentAt, sessionAt } from '../../src/convocate/tui/view/cluster-fixture.ts';
import { isAlive } from './support/is-alive.ts';

/** The terminal UI on a real terminal, a pane of tmux: what is on it, and what it leaves behind on every way out. */
const MAIN = new URL('support/tui-process.ts', import.meta.url).pathname;
const BUG = new URL('support/bug-on-signal.ts', import.meta.url).pathname;
const PROGRAM = new URL('../../src/convocate/main.ts', import.meta.url).pathname;
const ESC = '\u001b';

vi.setConfig({ testTimeout: 60_000 });

let dir: string;
let service: Server;
let watchers: Set<Socket>;
let tmux: readonly string[];
/** An attach gets no answer, as from a host that hangs. */
let isHanging: boolean;
/** Nor does who asks for the sessions; how often that was. */
let isSilent: boolean;
let unanswered: number;
/** What the service was asked, by the name of the operation. */
let asked: string[];

beforeEach(async () => {
  isHanging = false;
  isSilent = false;
  unanswered = 0;
  asked = [];
  dir = await mkdtemp(join(tmpdir(), 'convocate-tui-'));
  watchers = new Set();
  await startService();
  tmux = ['tmux', '-S', join(dir, 'tmux.sock'), '-f', '/dev/null'];
  const env = { ...process.env, PS1: '$ ', CONVOCATE_SOCKET: join(dir, 'shell.sock') };
  await runChecked([...tmux, 'new-session', '-d', '-x', '90', '-y', '20', 'sh'], { env });
  await screenWith(/[$#]/);
  await keys('echo before the UI', 'Enter');
  await screenWith(/^before the UI$/m);
});

afterEach(async () => {
  await runCommand([...tmux, 'kill-server']);
  stopService();
  await rm(dir, { recursive: true, force: true });
});

/** Shows one cluster to whoever watches; a terminal that is attached echoes what is typed until there is a `q` in it. */
async function startService(): Promise<void> {
  service = createServer({ allowHalfOpen: true }, (socket) => void answer(socket));
  await new Promise<void>((resolve) => service.listen(join(dir, 'shell.sock'), resolve));
}

function stopService(): void {
  service.close();
  for (const socket of watchers) socket.destroy();
}

async function answer(socket: Socket): Promise<void> {
  socket.on('error', () => {});
  const { op } = JSON.parse((await readFirstLine(socket)).line) as { op: string };
  asked.push(op);
  const agents = [agentAt(0)];
  const sessions = [sessionAt(1, { name: 'first-session' }), sessionAt(2, { name: 'second-session' })];
  if (op === 'watch') {
    watchers.add(socket);
    writeJsonLine(socket, {
      ok: true,
      result: { name: 'lab', version: 'v1', load: [0.1], agents, sessions },
    });
    return;
  }
  if (op === 'attach' && isHanging) return;
  if (op === 'attach') {
    writeJsonLine(socket, { ok: true, result: { attach_id: 'one' } });
    socket.write(`${ESC}[?1049h${ESC}[2J${ESC}[Hinside> `);
    socket.on('data', (bytes) => {
      socket.write(bytes);
      if (bytes.includes('q')) socket.end(`${ESC}[?1049l`);
      if (bytes.includes('Q')) socket.end();
    });
    socket.resume();
    return;
  }
  if (isSilent) {
    unanswered += 1;
    return;
  }
  const result = { sessions, agents }[op] ?? null;
  writeJsonLine(socket, { ok: true, result });
  socket.destroySoon();
}

async function keys(...names: string[]): Promise<void> {
  await runChecked([...tmux, 'send-keys', ...names]);
}

async function screen(): Promise<string> {
  return await runChecked([...tmux, 'capture-pane', '-p']);
}

async function screenWith(pattern: RegExp): Promise<string> {
  return await pollUntil(
    async () => {
      const text = await screen();
      return pattern.test(text) ? text : undefined;
    },
    { timeoutMs: 30_000, intervalMs: 50, what: `a screen with ${String(pattern)}` },
  );
}

/** Whether the alternate screen is on, the cursor is shown, and long lines go on in the next one. */
async function modes(): Promise<string> {
  return (await runChecked([...tmux, 'display', '-p', '#{alternate_on} #{cursor_flag} #{wrap_flag}'])).trim();
}

/** Starts the UI, or a verb; its pid, its exit code and the terminal's settings before and after are written to files. */
async function run(command: string): Promise<void> {
  const file = (name: string): string => join(dir, name);
  const ui = `sh -c 'echo $$ >${file('pid')}; exec ${process.execPath} --import ${BUG} ${command}'`;
  await keys(
    `stty -g >${file('stty-before')}; ${ui}; echo "EXIT=$?"; stty -g >${file('stty-after')}`,
    'Enter',
  );
}

async function start(): Promise<void> {
  await run(MAIN);
  await screenWith(/first-session/);
  expect(await modes()).toBe('1 0 0');
}

async function pid(): Promise<number> {
  return Number(await readFile(join(dir, 'pid'), 'utf8'));
}

/** The UI is gone, and the terminal is as it was: what was on it, its modes, and its settings. */
async function expectRestored(exit: number): Promise<string> {
  const text = await screenWith(new RegExp(`EXIT=${exit}`));
  expect(text).toContain('before the UI');
  expect(text).not.toContain('first-session');
  expect(text).not.toMatch(/^\s+at /m);
  expect(await modes()).toBe('0 1 1');
  const settings = async (name: string): Promise<string | undefined> =>
    (await readFile(join(dir, name), 'utf8').catch(() => '')) || undefined;
  const after = await pollUntil(async () => await settings('stty-after'), {
    timeoutMs: 10_000,
    intervalMs: 20,
    what: 'the settings of the terminal',
  });
  expect(after).toBe(await settings('stty-before'));
  return text;
}

/** Just after a session that ended by itself, keys may still be meant for it, and do not count. */
async function quitOnceHeard(): Promise<void> {
  const quit = async (): Promise<true | undefined> => {
    if (/EXIT=/.test(await screen())) return true;
    await keys('q');
    return undefined;
  };
  await pollUntil(quit, { timeoutMs: 30_000, intervalMs: 700, what: 'the end of the UI' });
}

describe('the terminal is as it was', () => {
  it('after Q', async () => {
    await start();
    await keys('q');
    await expectRestored(0);
  });

  it.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)('after %s, which is told', async (signal) => {
    await start();
    process.kill(await pid(), signal);
    expect(await expectRestored(1)).toContain(`ended by ${signal}; the sessions go on`);
  });

  it.each([
    ['x', 'a bug in a step'],
    ['y', 'a bug that nobody caught'],
  ])('after a bug (%s), which is told in a line', async (key, words) => {
    await start();
    await keys(key);
    expect(await expectRestored(1)).toContain(words);
  });

  it('after the window was made smaller and larger', async () => {
    await start();
    for (const [cols, rows] of [
      ['50', '12'],
      ['130', '30'],
      ['90', '20'],
    ] as const) {
      await runChecked([...tmux, 'resize-window', '-x', cols, '-y', rows]);
      const full = await pollUntil(
        async () => {
          const lines = (await screen()).split('\n');
          // The last line, and every line once.
          return lines[Number(rows) - 1]?.includes('help') && /^.*lab/.test(lines[0] ?? '')
            ? lines
            : undefined;
        },
        { timeoutMs: 10_000, intervalMs: 50, what: `a screen of ${cols}x${rows}` },
      );
      expect(full.filter((line) => line.includes('first-session'))).toHaveLength(1);
      expect(full.filter((line) => line.includes('help'))).toHaveLength(1);
    }
    await keys('q');
    const text = await expectRestored(0);
    expect(text).not.toContain('help');
  });
});

test('an attach that is ended while the service does not tell what became of the session restores the terminal', async () => {
  await run(`${PROGRAM} attach second-session`);
  await screenWith(/inside>/);
  isSilent = true;
  await keys('-l', 'Q');
  await pollUntil(async () => unanswered || undefined, {
    timeoutMs: 10_000,
    intervalMs: 20,
    what: 'the question what became of the session',
  });
  process.kill(await pid(), 'SIGTERM');
  await expectRestored(143);
});

test('has colours, and none where NO_COLOR is set', async () => {
  const isColoured = async (): Promise<boolean> => {
    const styled = await runChecked([...tmux, 'capture-pane', '-p', '-e']);
    return styled.split(`${ESC}[`).some((part) => /^(\d+;)*[349][0-7][;m]/.test(part));
  };
  for (const [environment, coloured] of [
    ['', true],
    ['NO_COLOR=1 ', false],
    ['NO_COLOR= ', true],
  ] as const) {
    await keys(`${environment}${process.execPath} ${PROGRAM}`, 'Enter');
    await screenWith(/first-session/);
    expect(await isColoured(), environment).toBe(coloured);
    await keys('q');
    await screenWith(/before the UI/);
  }
});

test('a session has the whole terminal, and the list comes back with what is to be told', async () => {
  await start();
  await keys('Enter');
  await screenWith(/inside>/);
  await keys('-l', 'typed');
  await screenWith(/inside> typed/);
  await keys('q');
  const text = await screenWith(/second-session/);
  expect(text).not.toContain('inside>');
  expect(text).toMatch(/• left first-session/);
  await quitOnceHeard();
  expect(await expectRestored(0)).not.toContain('left first-session');
});

test('while a session has the terminal, another one that starts to wait rings there, and the list tells of it', async () => {
  const rung = join(dir, 'rung');
  await runChecked([...tmux, 'set-hook', '-g', 'alert-bell', `run-shell 'echo rung >>${rung}'`]);
  await start();
  await keys('Enter');
  await screenWith(/inside>/);
  const activity = { state: 'waiting', since: '2026-03-04T13:00:00Z', detail: '' } as const;
  const tell = (...sessions: unknown[]): void => {
    for (const socket of watchers) writeJsonLine(socket, { sessions });
  };
  tell(sessionAt(1, { name: 'first-session', activity })); // the one that is shown
  tell(sessionAt(1, { name: 'first-session' }), sessionAt(2, { name: 'second-session', activity }));
  await pollUntil(async () => (await readFile(rung, 'utf8').catch(() => '')) || undefined, {
    timeoutMs: 10_000,
    intervalMs: 20,
    what: 'the bell',
  });
  await keys('-l', 'typed');
  await screenWith(/^inside> typed$/m);
  expect(await readFile(rung, 'utf8')).toBe('rung\n');
  await keys('q');
  await screenWith(/• missed 1: left first-session/);
  await quitOnceHeard();
  await expectRestored(0);
});

test('what comes in one packet with the Enter that attaches is for the session, and comes first', async () => {
  await start();
  await runChecked([...tmux, 'set-buffer', '\rno']);
  await runChecked([...tmux, 'paste-buffer', '-r']);
  await screenWith(/inside> no$/m);
  await keys('-l', 'ne');
  await screenWith(/inside> none$/m);
  await keys('q');
  await screenWith(/• left first-session/);
  await quitOnceHeard();
  await expectRestored(0);
});

test('what is typed on for a session that has ended does nothing to those in the list', async () => {
  await run(PROGRAM);
  await screenWith(/first-session/);
  await keys('Enter');
  await screenWith(/inside>/);
  // Two letters every 50 ms, whatever else this box does: tmux itself types them.
  const letters = Array.from({ length: 60 }, () => [
    ';',
    'run-shell',
    '-d',
    '0.05',
    ';',
    'send-keys',
    '-l',
    'dy',
  ]);
  const typed = runChecked([...tmux, 'send-keys', '-l', 'q', ...letters.flat()]);
  const text = await screenWith(/was dropped/);
  await typed;
  expect(text).toMatch(/• what was typed on was dropped; left first-session/);
  expect(text).not.toMatch(/Delete first-session/);
  expect(asked).not.toContain('call');
  const dialog = async (): Promise<string | undefined> => {
    const now = await screen();
    if (/elete.*first-session/s.test(now)) return now;
    await keys('d');
    return undefined;
  };
  await pollUntil(dialog, { timeoutMs: 30_000, intervalMs: 700, what: 'the question' });
  await keys('Escape');
  await keys('q');
  await screenWith(/EXIT=0/);
});

test('a session that does not open can be left, and what was typed for it is typed nowhere else', async () => {
  isHanging = true;
  await start();
  await keys('Enter');
  await screenWith(/opening first-session on .* Ctrl-C leaves/);
  await keys('-l', 'q');
  await keys('C-c');
  expect(await screenWith(/second-session/)).toMatch(/• left before first-session /);
  await keys('q');
  await expectRestored(0);
});

test('a signal ends the UI while a session is being opened', async () => {
  isHanging = true;
  await start();
  await keys('Enter');
  await screenWith(/opening first-session/);
  process.kill(await pid(), 'SIGTERM');
  await expectRestored(1);
});

test('a signal that comes while a session is shown ends both', async () => {
  await start();
  await keys('Enter');
  await screenWith(/inside>/);
  process.kill(await pid(), 'SIGTERM');
  await expectRestored(1);
});

test('a bug that nobody caught while a session is shown ends both, and is told in words', async () => {
  await start();
  await keys('Enter');
  await screenWith(/inside>/);
  process.kill(await pid(), 'SIGUSR2');
  const text = await expectRestored(1);
  expect(text).toContain('internal error: a bug that nobody caught');
  expect(text).not.toContain('inside>');
});

test('a service that goes away is told, the rows stay, and it is found again', async () => {
  await start();
  stopService();
  expect(await screenWith(/no connection for/)).toContain('first-session');
  await rm(join(dir, 'shell.sock'), { force: true });
  await startService();
  await pollUntil(async () => ((await screen()).includes('no connection') ? undefined : true), {
    timeoutMs: 30_000,
    intervalMs: 50,
    what: 'the connection to come back',
  });
});

test.each([
  ['the list', []],
  ['a session', ['Enter']],
])('a terminal that is closed while it shows %s ends it', async (_what, opened) => {
  await start();
  for (const key of opened) {
    await keys(key);
    await screenWith(/inside>/);
  }
  const ui = await pid();
  await runChecked([...tmux, 'kill-session']);
  await pollUntil(async () => !isAlive(ui) || undefined, {
    timeoutMs: 10_000,
    intervalMs: 20,
    what: 'the UI to end',
  });
});

test('a stop that can be refused is; after one that cannot, the screen is whole again', async () => {
  await start();
  const ui = await pid();
  process.kill(ui, 'SIGTSTP');
  process.kill(ui, 'SIGSTOP');
  await screenWith(/Stopped/); // the shell's words, on our screen
  await keys('fg', 'C-j'); // the terminal is raw: Enter is not the end of a line
  const text = await pollUntil(
    async () => {
      const now = await screen();
      return now.includes('first-session') && !now.includes('Stopped') ? now : undefined;
    },
    { timeoutMs: 30_000, intervalMs: 50, what: 'the whole screen' },
  );
  expect(text.split('\n')[0]).toMatch(/^ lab/);
  await keys('q');
  await screenWith(/before the UI/);
});
