// Starts commands in turn, again and again, and prints how long each took: {"COMMAND": [ms, …], …}.
// Usage: node time-commands.ts ROUNDS '["argv", …]' '["argv", …]' …
import { spawnSync } from 'node:child_process';

const [rounds, ...commands] = process.argv.slice(2);
const taken: Record<string, number[]> = Object.fromEntries(commands.map((command) => [command, []]));
// The first round fills the page cache and does not count.
for (let round = 0; round <= Number(rounds); round += 1) {
  for (const command of commands) {
    const [program = '', ...args] = JSON.parse(command) as string[];
    const startedAt = performance.now();
    const { status } = spawnSync(program, args, { stdio: 'ignore' });
    if (status !== 0) throw new Error(`${command} exited with ${status}`);
    if (round > 0) taken[command]?.push(performance.now() - startedAt);
  }
}
process.stdout.write(JSON.stringify(taken));
