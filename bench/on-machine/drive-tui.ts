// Sits at a terminal in which the terminal UI runs. Prints JSON.
//
//   node drive-tui.ts COLS ROWS KEYS ARGV…   {"firstFrameMs": N, "keyMs": [N, …], "rssMib": N}
//
// From the start of the process to the first frame with sessions in it, then KEYS times from a key press to the last byte
// of the frame that it led to. The terminal comes from util-linux's `script`.
import { spawn } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';

const [cols = '80', rows = '24', count = '0', ...argv] = process.argv.slice(2);
const warmUp = 20;
const deadlineMs = 60_000;

const quoted = argv.map((arg) => `'${arg.replaceAll("'", `'\\''`)}'`).join(' ');
const line = `stty cols ${cols} rows ${rows}; exec ${quoted}`;
const startedAt = performance.now();
const client = spawn('script', ['--quiet', '--flush', '--return', '--command', line, '/dev/null'], {
  stdio: ['pipe', 'pipe', 'inherit'],
  env: { ...process.env, TERM: 'xterm-256color' },
});
process.once('exit', () => client.kill('SIGHUP'));
const ended = new Promise<void>((resolve) => client.once('close', () => resolve()));

let screen = '';
let lastByteAt = 0;
let look = (): void => {};
client.stdout.on('data', (chunk: Buffer) => {
  lastByteAt = performance.now();
  screen = (screen + chunk.toString('latin1')).slice(-65_536);
  look();
});

async function until(isThere: () => boolean): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const timer = setTimeout(() => reject(new Error(`it did not come: ${JSON.stringify(screen)}`)), deadlineMs);
  look = () => {
    if (isThere()) resolve();
  };
  look();
  await promise.finally(() => clearTimeout(timer));
}

/** Down and up again at random places of a page: each moves the cursor by one row. */
async function pressKeys(presses: number): Promise<number[]> {
  const taken: number[] = [];
  for (let index = 0; index < presses + warmUp; index += 1) {
    await pause(20); // what the key before led to is drawn by then
    screen = '';
    const pressedAt = performance.now();
    client.stdin.write(index % 40 < 20 ? '\x1b[B' : '\x1b[A');
    // The bottom line tells the place of the cursor, and is drawn last.
    await until(() => /\d+\/\d+/.test(screen));
    if (index >= warmUp) taken.push(lastByteAt - pressedAt);
  }
  return taken;
}

/** Of the UI's own process: the only child of `script` that is left after the shell's exec. */
function rssMib(): number {
  const children = readdirSync('/proc').filter((pid) => {
    if (!/^\d+$/.test(pid)) return false;
    try {
      return readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ')[1] === String(client.pid);
    } catch {
      return false;
    }
  });
  const status = readFileSync(`/proc/${children[0]}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) / 1024;
}

await until(() => /1\/\d{2,}/.test(screen));
const firstFrameMs = lastByteAt - startedAt;
const keyMs = await pressKeys(Number(count));
const answer = { firstFrameMs, keyMs, rssMib: rssMib() };
client.stdin.write('q');
await ended;
process.stdout.write(JSON.stringify(answer));
