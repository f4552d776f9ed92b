// Sits at a terminal in which the terminal UI runs. Prints JSON.
//
//   node drive-tui.ts COLS ROWS KEYS IDLE_S ARGV…   {"firstFrameMs": N, "keyMs": [N, …], "rssMib": N, "idleCpuPercent": N}
//
// From the start of the process to the first frame with sessions in it, then KEYS times from a key press to the last byte
// of the frame that it led to; then what it takes of one core in IDLE_S seconds without a key.
import { setTimeout as pause } from 'node:timers/promises';
import { cpuNs, memoryMib, onlyChildOf } from '../process-facts.ts';
import { DrivenTerminal } from './driven-terminal.ts';

const [cols = '80', rows = '24', count = '0', idleS = '0', ...argv] = process.argv.slice(2);
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

async function idleCpuPercent(pid: number, seconds: number): Promise<number> {
  const usedBefore = cpuNs(pid);
  const begunAt = performance.now();
  await pause(seconds * 1000);
  return (100 * (cpuNs(pid) - usedBefore)) / ((performance.now() - begunAt) * 1e6);
}

await terminal.until((screen) => /1\/\d{2,}/.test(screen));
const firstFrameMs = terminal.lastByteAt - startedAt;
const keyMs = await pressKeys(Number(count));
const ui = onlyChildOf(terminal.pid); // the shell that started it has become it
const idle = await idleCpuPercent(ui, Number(idleS));
const answer = { firstFrameMs, keyMs, rssMib: memoryMib(ui, 'Rss'), idleCpuPercent: idle };
terminal.type('q');
await terminal.ended;
process.stdout.write(JSON.stringify(answer));
