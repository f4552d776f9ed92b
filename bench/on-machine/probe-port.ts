// Connects to a port over and over and measures how long it was shut.
//
//   node probe-port.ts HOST PORT    prints {"longest_ms": N} when its stdin ends: the longest time between two
//                                   connections that were taken, where any was refused in between; 0 where none was
import { connect } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';

const [host = '', port = ''] = process.argv.slice(2);
const everyMs = 10;
const givesUpMs = 500;

let ended = false;
process.stdin.resume().once('end', () => (ended = true));

async function isOpen(): Promise<boolean> {
  return await new Promise((resolve) => {
    const socket = connect({ host, port: Number(port), timeout: givesUpMs });
    const tell = (open: boolean) => (): void => {
      socket.destroy();
      resolve(open);
    };
    socket.once('connect', tell(true)).once('timeout', tell(false)).once('error', tell(false));
  });
}

let lastOpen = performance.now();
let longestMs = 0;
let wasShut = false;
while (!ended) {
  const open = await isOpen();
  const now = performance.now();
  if (open && wasShut) longestMs = Math.max(longestMs, now - lastOpen);
  if (open) lastOpen = now;
  wasShut = !open;
  await pause(everyMs);
}
process.stdout.write(`${JSON.stringify({ longest_ms: Math.round(longestMs) })}\n`);
