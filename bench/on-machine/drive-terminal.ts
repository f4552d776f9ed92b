// Sits at a terminal in which an attach runs, presses keys and watches the screen. Prints JSON.
//
//   node drive-terminal.ts keys COUNT READY ARGV…    [ms, …]: from a key press to its echo
//   node drive-terminal.ts flood LINES READY ARGV…   {"bytes": N, "ms": N}: from asking for LINES lines to the end of them
//
// READY is a text on the screen of a session that is attached. The terminal comes from util-linux's `script`.
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';

const [what = '', count = '', ready = '', ...argv] = process.argv.slice(2);
const warmUp = 10;
const deadlineMs = 120_000;

const line = `stty cols 120 rows 40; exec ${argv.map((arg) => `'${arg.replaceAll("'", `'\\''`)}'`).join(' ')}`;
const client = spawn('script', ['--quiet', '--flush', '--return', '--command', line, '/dev/null'], {
  stdio: ['pipe', 'pipe', 'inherit'],
  env: { ...process.env, TERM: 'xterm-256color' },
});
process.once('exit', () => client.kill('SIGHUP'));
const ended = new Promise<void>((resolve) => client.once('close', () => resolve()));

/** What came since `fresh()`; only its end is kept, because a flood is long. */
let screen = '';
let bytes = 0;
let look = (): void => {};
client.stdout.on('data', (chunk: Buffer) => {
  bytes += chunk.length;
  screen += chunk.toString('latin1');
  look();
  screen = screen.slice(-4096);
});

function fresh(): void {
  screen = '';
  bytes = 0;
}

/** Until the text is on the screen, as it is or, for a single letter, told apart from those of escape sequences. */
async function shows(text: string, plain: (screen: string) => string = (all) => all): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const timer = setTimeout(() => {
    reject(new Error(`${text} did not come; the end of the screen: ${JSON.stringify(screen.slice(-2000))}`));
  }, deadlineMs);
  look = () => {
    if (plain(screen).includes(text)) resolve();
  };
  look();
  try {
    await promise;
  } finally {
    clearTimeout(timer);
  }
}

function withoutEscapes(text: string): string {
  // oxlint-disable-next-line no-control-regex
  return text.replaceAll(/\x1b(\[[0-9;?>]*[ -/]*[@-~]|\][^\x07\x1b]*(\x07|\x1b\\)|[()].|[^[\]()])/g, '');
}

/** An attach is followed by a few redraws that must not be taken for an answer. */
async function settled(): Promise<void> {
  for (let seen = -1; seen !== bytes; ) {
    seen = bytes;
    await pause(300);
  }
}

async function pressKeys(presses: number): Promise<number[]> {
  const taken: number[] = [];
  for (let index = 0; index < presses + warmUp; index += 1) {
    const key = 'uvwxyz'.charAt(index % 6);
    fresh();
    const startedAt = performance.now();
    client.stdin.write(key);
    await shows(key, withoutEscapes);
    if (index >= warmUp) taken.push(performance.now() - startedAt);
    await pause(15);
  }
  return taken;
}

async function flood(lines: number): Promise<{ bytes: number; ms: number }> {
  const end = `end-${randomUUID()}`;
  fresh();
  const startedAt = performance.now();
  client.stdin.write(`${lines} ${end}\n`);
  await shows(end);
  return { bytes, ms: performance.now() - startedAt };
}

await shows(ready);
await settled();
const answer = what === 'keys' ? await pressKeys(Number(count)) : await flood(Number(count));
client.stdin.write('\x02d');
await ended;
process.stdout.write(JSON.stringify(answer));
