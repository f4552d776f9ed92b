import { type ExpectedCall, type FakeHost, fakeHost } from '../host-access/fake-host.ts';
import { serializeManifest } from '../release/manifest.ts';
import { ReleaseStore } from '../release/release-store.ts';
import { healthy, inputFor, manifest } from './plan-fixture.ts';
import type { Plan } from './plan-types.ts';
import { planUpdate } from './plan.ts';
import type { Rollout, Step } from './rollout.ts';

/** A rollout that keeps what it told the operator, line by line. */
export interface ToldRollout extends Rollout {
  readonly said: string[];
}

const NOTHING: Plan = { ...planUpdate(inputFor(healthy)), releaseBytes: 0 };

/** A plan of v2 in which all is done, but for what is given. */
export const planWith = (changes: Partial<Plan>): { plan: Plan } => ({ plan: { ...NOTHING, ...changes } });

/** A rollout of v2 on a host on which v2 is live: tests say only what is different. */
export function rolloutOn(host: FakeHost, changes: Partial<Rollout> = {}): ToldRollout {
  const said: string[] = [];
  return {
    said,
    hostName: 'agent-a',
    store: new ReleaseStore('/nonexistent'),
    release: { manifest, manifestText: serializeManifest(manifest), signature: 'signature' },
    reporter: {
      step: (title) => said.push(`step ${title}`),
      note: (text) => said.push(`note ${text}`),
      warn: (text) => said.push(`warn ${text}`),
      transfer: (what, sent, total) => said.push(`transfer ${what} ${sent}/${total}`),
      result: (_value, text) => said.push(`result ${text}`),
    },
    options: { soakMs: 0, confirmMs: 0 },
    host,
    lock: { number: 1, assertHeld: () => {}, release: () => Promise.resolve() },
    facts: healthy,
    plan: NOTHING,
    sentBytes: 0,
    startedAt: 0,
    mustRestart: false,
    ...changes,
  };
}

/** Runs one step on a host that expects exactly these calls. */
export async function runStep(
  step: Step,
  script: readonly ExpectedCall[],
  changes: Partial<Rollout> = {},
): Promise<ToldRollout> {
  const host = fakeHost('agent-a', script);
  const rollout = rolloutOn(host, changes);
  try {
    await step.run(rollout);
  } finally {
    await host.close();
    host.assertDone();
  }
  return rollout;
}
