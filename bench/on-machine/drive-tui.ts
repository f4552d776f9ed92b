// Sits at a terminal in which the terminal UI runs. Prints JSON.
//
//   node drive-tui.ts COLS ROWS KEYS ARGV…   {"firstFrameMs": N, "keyMs": [N, …], "rssMib": N}
//
// From the start of the process to the first frame with sessions in it, then KEYS times from a key press to the last byte
// of the frame that it led to.
import { readFileSync, readdirSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { DrivenTerminal } from './driven-terminal.ts';

const [cols = '80', rows = '24', count = '0', ...argv] = process.argv.slice(2);
const warmUp = 20;

const startedAt = performance.now();
const terminal = new DrivenTerminal(argv, { cols: Number(cols), rows: Number(rows) });

/** Down and up again at random places of a page: each moves the cursor by one row. */
async function pressKeys(presses: number): Promise<number[]> {
  const taken: number[] = [];
  for (let index = 0; index < presses + warmUp; index += 1) {
    await pause(20); // what the key before led to is drawn by then
    terminal.fresh();
    const pressedAt = performance.now();
    terminal.type(index % 40 < 20 ? '\x1b[B' : '\x1b[A');
    // The bottom line tells the place of the cursor, and is drawn last.
    await terminal.until((screen) => /\d+\/\d+/.test(screen));
    if (index >= warmUp) taken.push(terminal.lastByteAt - pressedAt);
  }
  return taken;
}

/** Of the UI's own process: the only child of `script` that is left after the shell's exec. */
function rssMib(): number {
  const children = readdirSync('/proc').filter((pid) => {
    if (!/^\d+$/.test(pid)) return false;
    try {
      return readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ')[1] === String(terminal.pid);
    } catch {
      return false;
    }
  });
  const status = readFileSync(`/proc/${children[0]}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) / 1024;
}

await terminal.until((screen) => /1\/\d{2,}/.test(screen));
const firstFrameMs = terminal.lastByteAt - startedAt;
const keyMs = await pressKeys(Number(count));
const answer = { firstFrameMs, keyMs, rssMib: rssMib() };
terminal.type('q');
await terminal.ended;
process.stdout.write(JSON.stringify(answer));
