// `convocate-host update`, looked at while it works: when it did what, and what it sent.
import type { Machine } from '../../lab/machine.ts';
import { type StepTime, stepTimes } from './step-times.ts';
import { runTimed } from './timed-run.ts';

export interface OurUpdate {
  readonly outcome: string;
  /** From the start of the command to the agent's answer on the new version. */
  readonly answeredMs: number;
  /** The whole command, with its proof that the service stays up. */
  readonly wholeMs: number;
  /** All blobs, as they cross the wire. */
  readonly sentBytes: number;
  /** Of these, layers of the image. */
  readonly layerBytes: number;
  readonly steps: readonly StepTime[];
}

interface Event {
  readonly event: string;
  readonly title?: string;
  readonly what?: string;
  readonly sent?: number;
  readonly outcome?: string;
  readonly sent_bytes?: number;
  readonly answered_ms?: number | null;
}

/** Rolls the release installed last onto `host`, as root on the shell host. */
export async function updateOurs(shell: Machine, host: string): Promise<OurUpdate> {
  const argv = ['convocate-host', 'update', '--host', host, '--soak', '1s', '--json'];
  const { lines, wholeMs } = await runTimed(shell, argv);
  const events = lines
    .filter(({ text }) => text.startsWith('{'))
    .map(({ ms, text }) => ({ ms, ...(JSON.parse(text) as Event) }));
  const first = events[0];
  const result = events.find(({ event }) => event === 'result') ?? events.findLast(({ outcome }) => outcome);
  if (!first || !result) throw new Error(`an update without a result:\n${JSON.stringify(lines)}`);
  const layers = new Map(
    events.filter(({ what }) => what?.startsWith('image layer')).map(({ what, sent }) => [what, sent ?? 0]),
  );
  return {
    outcome: result.outcome ?? '',
    // The program counts from when it is loaded; until its first line it has done little else.
    answeredMs: first.ms + (result.answered_ms ?? 0),
    wholeMs,
    sentBytes: result.sent_bytes ?? 0,
    layerBytes: [...layers.values()].reduce((sum, sent) => sum + sent, 0),
    steps: stepTimes(
      events.filter(({ event }) => event === 'step').map(({ ms, title }) => ({ ms, title: title ?? '' })),
      wholeMs,
    ),
  };
}
