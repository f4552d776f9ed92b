// How soon the terminal UI is there and how soon a key is answered, at a size that no operator has yet; and the same
// with an agent that hangs.
import { runChecked } from '../../src/base/run-command.ts';
import { say } from '../progress.ts';
import { type LocalMeasure, type Result, median, percentile, rounded, spread } from '../result.ts';
import { SIZE, type SimulatedShell, openSimulatedShell } from '../simulated/simulated-shell.ts';

const WINDOW = { cols: 120, rows: 40 } as const;
const KEYS = 200;
/** Two heartbeats of every agent. */
const IDLE_S = 20;

interface Driven {
  readonly firstFrameMs: number;
  readonly keyMs: readonly number[];
  readonly rssMib: number;
  /** Of one core. */
  readonly idleCpuPercent: number;
}

export const tui: LocalMeasure = {
  part: 'tui',
  run: async (times) => {
    const runs = times(5);
    await using shell = await openSimulatedShell();
    const nodeStarts: number[] = [];
    const calm: Driven[] = [];
    const hung: Driven[] = [];
    for (let run = 0; run < runs; run += 1) {
      nodeStarts.push(await bareStartMs());
      calm.push(await drive(shell));
      say(`tui: first frame ${calm.at(-1)?.firstFrameMs.toFixed(0)} ms, key ${describe(calm)} ms`);
    }
    const [first] = await shell.client.agents();
    await shell.simulation.order({ do: 'hang', agent: first?.agent_id ?? '' });
    for (let run = 0; run < runs; run += 1) {
      hung.push(await drive(shell));
      say(`tui, one agent hung: key ${describe(hung)} ms`);
    }
    const firstFrames = calm.map(({ firstFrameMs }) => firstFrameMs);
    const where = `${SIZE.sessions} sessions on ${SIZE.agents} simulated agents, ${WINDOW.cols}×${WINDOW.rows}`;
    return [
      result('tui.first_frame_ms', 'ms', firstFrames, {
        value: median(firstFrames),
        note: `from process start to the first frame with every session, service warm: ${spread(firstFrames, 0)}; \`node -e 0\` of the same Node ${median(nodeStarts).toFixed(0)}; ${where}`,
      }),
      result('tui.key_to_frame_p95_ms', 'ms', keysOf(calm), {
        value: percentile(keysOf(calm), 95),
        note: `p50 (p95) from a key to the last byte of its frame at the terminal: ${describe(calm)}; ${where}`,
      }),
      result('tui.key_to_frame_p95_hung_ms', 'ms', keysOf(hung), {
        value: percentile(keysOf(hung), 95),
        note: `the same while one agent hangs: ${describe(hung)}; ${where}`,
      }),
      result(
        'tui.idle_cpu_percent',
        '%',
        calm.map(({ idleCpuPercent }) => idleCpuPercent),
        {
          value: median(calm.map(({ idleCpuPercent }) => idleCpuPercent)),
          note: `of one core, over ${IDLE_S} s without a key, every agent's heartbeat each 10 s; ${where}`,
        },
      ),
      result(
        'tui.rss_mib',
        'MiB',
        calm.map(({ rssMib }) => rssMib),
        { value: median(calm.map(({ rssMib }) => rssMib)), note: `after ${KEYS} keys; ${where}` },
      ),
    ];
  },
};

function result(
  name: string,
  unit: string,
  values: readonly number[],
  { value, note }: { readonly value: number; readonly note: string },
): Result {
  return { name, value: rounded(value), unit, runs: values.length, note };
}

async function drive(shell: SimulatedShell): Promise<Driven> {
  const { argv, env } = shell.command();
  const driver = new URL('../on-machine/drive-tui.ts', import.meta.url).pathname;
  const size = [String(WINDOW.cols), String(WINDOW.rows), String(KEYS), String(IDLE_S)];
  const answer = await runChecked([process.execPath, driver, ...size, ...argv], { env, timeoutMs: 180_000 });
  return JSON.parse(answer) as Driven;
}

async function bareStartMs(): Promise<number> {
  const startedAt = performance.now();
  await runChecked([process.execPath, '-e', '0']);
  return performance.now() - startedAt;
}

function keysOf(driven: readonly Driven[]): number[] {
  return driven.flatMap(({ keyMs }) => keyMs);
}

function describe(driven: readonly Driven[]): string {
  const keys = keysOf(driven);
  return `${median(keys).toFixed(1)} (${percentile(keys, 95).toFixed(1)})`;
}
