// Sits at a terminal in which an attach runs, presses keys and watches the screen. Prints JSON.
//
//   node drive-terminal.ts keys COUNT READY ARGV…    [ms, …]: from a key press to its echo
//   node drive-terminal.ts flood LINES READY ARGV…   {"bytes": N, "ms": N}: from asking for LINES lines to the end of them
//
// READY is a text on the screen of a session that is attached.
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { DrivenTerminal } from './driven-terminal.ts';

const [what = '', count = '', ready = '', ...argv] = process.argv.slice(2);
const warmUp = 10;

const terminal = new DrivenTerminal(argv, { cols: 120, rows: 40 });

function withoutEscapes(text: string): string {
  // oxlint-disable-next-line no-control-regex
  return text.replaceAll(/\x1b(\[[0-9;?>]*[ -/]*[@-~]|\][^\x07\x1b]*(\x07|\x1b\\)|[()].|[^[\]()])/g, '');
}

/** An attach is followed by a few redraws that must not be taken for an answer. */
async function settled(): Promise<void> {
  for (let seen = -1; seen !== terminal.bytes; ) {
    seen = terminal.bytes;
    await pause(300);
  }
}

async function pressKeys(presses: number): Promise<number[]> {
  const taken: number[] = [];
  for (let index = 0; index < presses + warmUp; index += 1) {
    const key = 'uvwxyz'.charAt(index % 6);
    terminal.fresh();
    const startedAt = performance.now();
    terminal.type(key);
    await terminal.until((screen) => withoutEscapes(screen).includes(key));
    if (index >= warmUp) taken.push(performance.now() - startedAt);
    await pause(15);
  }
  return taken;
}

async function flood(lines: number): Promise<{ bytes: number; ms: number }> {
  const end = `end-${randomUUID()}`;
  terminal.fresh();
  const startedAt = performance.now();
  terminal.type(`${lines} ${end}\n`);
  await terminal.until((screen) => screen.includes(end));
  return { bytes: terminal.bytes, ms: performance.now() - startedAt };
}

await terminal.until((screen) => screen.includes(ready));
await settled();
const answer = what === 'keys' ? await pressKeys(Number(count)) : await flood(Number(count));
terminal.type('\x02d');
await terminal.ended;
process.stdout.write(JSON.stringify(answer));
