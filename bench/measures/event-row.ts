// From an event on an agent to the changed row at a client, against what a script would do without a watch: `ls` in a
// loop.
import { pollUntil } from '../../src/base/deadline.ts';
import { runChecked } from '../../src/base/run-command.ts';
import type { SessionView } from '../../src/protocol/shell-socket.ts';
import { say } from '../progress.ts';
import { type LocalMeasure, median, percentile, rounded } from '../result.ts';
import { SIZE, type SimulatedShell, openSimulatedShell } from '../simulated/simulated-shell.ts';

const EVENTS = 250;
const EVERY_MS = 20;
const BURST = 500;

export const eventRow: LocalMeasure = {
  part: 'event',
  run: async (times) => {
    const runs = times(4);
    await using shell = await openSimulatedShell();
    const pushed: number[] = [];
    const bursts: number[] = [];
    const polled: number[] = [];
    for (let run = 0; run < runs; run += 1) {
      pushed.push(...(await watching(shell, { count: EVENTS, every_ms: EVERY_MS })));
      bursts.push(...(await watching(shell, { count: BURST, every_ms: 0 })));
      polled.push(...(await polling(shell, { count: EVENTS, every_ms: EVERY_MS })));
      say(
        `event to row: ${describe(pushed)} ms; of a burst ${describe(bursts)} ms; ls ${describe(polled)} ms`,
      );
    }
    const ratio = percentile(polled, 95) / percentile(pushed, 95);
    return [
      {
        name: 'event.row_p95_ms',
        value: rounded(percentile(pushed, 95)),
        unit: 'ms',
        runs: pushed.length,
        note:
          `p50 (p95) from an event on an agent to its row at a client that watches: ${describe(pushed)} ms, ` +
          `one event each ${EVERY_MS} ms; ${describe(bursts)} ms of ${BURST} events at once; \`convocate ls --json\` in a loop ` +
          `${describe(polled)} ms, ${ratio.toFixed(0)} times as long; ${SIZE.sessions} sessions on ${SIZE.agents} simulated agents`,
      },
    ];
  },
};

interface Events {
  readonly count: number;
  readonly every_ms: number;
}

/** Milliseconds from each event to the client that watches. */
async function watching({ client, simulation }: SimulatedShell, events: Events): Promise<number[]> {
  const took = new Map<string, number>();
  const { promise: begun, resolve: begin } = Promise.withResolvers<void>();
  let old = new Set<string>();
  using _watch = client.watch((news) => {
    if (news.kind === 'lost') throw news.error;
    if (news.kind === 'change') {
      note(took, old, news.change.sessions ?? []);
      return;
    }
    old = marksOf([...news.picture.sessions.values()]);
    begin();
  });
  await begun;
  await simulation.order({ do: 'touch', mark: true, ...events });
  await pollUntil(async () => took.size >= events.count || undefined, {
    timeoutMs: 30_000,
    intervalMs: 20,
    what: 'seeing every event',
  });
  return [...took.values()];
}

/** The same as a script sees it that asks again as soon as it has an answer. */
async function polling(shell: SimulatedShell, events: Events): Promise<number[]> {
  const took = new Map<string, number>();
  const { argv, env } = shell.command('ls', '--json');
  const look = async (): Promise<SessionView[]> =>
    (JSON.parse(await runChecked(argv, { env })) as { sessions: SessionView[] }).sessions;
  const old = marksOf(await look());
  let done = false;
  const order = shell.simulation.order({ do: 'touch', mark: true, ...events }).then(() => {
    done = true;
  });
  for (let last = false; !last; ) {
    last = done; // what came before this look is in it
    note(took, old, await look());
  }
  await order;
  return [...took.values()];
}

/** How old each mark is that is new. A row can change for another reason, with the mark that it had. */
function note(took: Map<string, number>, old: ReadonlySet<string>, rows: readonly SessionView[]): void {
  for (const mark of marksOf(rows)) if (!old.has(mark) && !took.has(mark)) took.set(mark, ageMs(mark));
}

/** A row says in its detail when it was changed, by the clock that all processes here share. */
function marksOf(rows: readonly SessionView[]): Set<string> {
  const details = rows.map(({ activity }) => activity?.detail ?? '');
  return new Set(details.filter((detail) => detail.startsWith('at ')));
}

function ageMs(mark: string): number {
  return Number(process.hrtime.bigint() - BigInt(mark.slice('at '.length))) / 1e6;
}

function describe(values: readonly number[]): string {
  return `${median(values).toFixed(1)} (${percentile(values, 95).toFixed(1)})`;
}
