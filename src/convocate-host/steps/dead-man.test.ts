import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type ExpectedCall, fakeHost } from '../../host-access/fake-host.ts';
import { rolloutOn, runStep, type ToldRollout } from '../rollout-fixture.ts';
import { runSteps } from '../rollout.ts';
import {
  RETURNED,
  STUCK,
  armed,
  ask,
  damaged,
  fromV1,
  open,
  serving,
  settled,
  wentBack,
} from './dead-man-fixture.ts';
import { armDeadMan, disarmDeadMan } from './dead-man.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('disarming', () => {
  const disarm = (...script: ExpectedCall[]): Promise<ToldRollout> => runStep(disarmDeadMan, script, armed());

  test.each([
    ['confirmed', [open, ask(['disarm'], { ending: 'confirmed' })]],
    ['settled by a first try, whose answer was lost', [settled, serving('v2', 'v2')]],
    [
      'settled while it was asked',
      [open, ask(['disarm'], { ending: 'none' }), serving('v2'), serving('v2', 'v2')],
    ],
  ])('ends what is %s', async (_what, script) => {
    const told = disarm(...script);
    await vi.advanceTimersByTimeAsync(2_000); // where its service has only just been started, it is asked again
    expect((await told).deadMan).toBeUndefined();
  });

  test.each([
    ['had just gone back', [wentBack()]],
    ['was going back', [open, ask(['disarm'], { ending: 'rolled_back', rolled_back: RETURNED })]],
  ])('that comes too late for a host that %s is told, and not undone', async (_what, script) => {
    const host = fakeHost('agent-a', script);
    const rollout = rolloutOn(host, armed());
    const told = await runSteps([{ ...armDeadMan, run: async () => {} }, disarmDeadMan], rollout).catch(
      (reason: unknown) => reason,
    );
    expect(told).toMatchObject({
      name: 'RolledBackError',
      message: 'v2 was proven too late; the host had gone back',
      exit: 4,
      details: { output: 'it is mute', hint: expect.stringContaining('--confirm-timeout') as string },
    });
    expect(rollout.said).not.toContain('step going back to v1');
    host.assertDone();
  });

  test.each([
    ['another rollout', [settled, serving('v0', 'v0')], 'it serves v0, and runs v0'],
    [
      'another rollout, while it was asked',
      [open, ask(['disarm'], { ending: 'none' }), serving('v1', 'v1')],
      'it serves v1, and runs v1',
    ],
    ['a switch that is not done', [settled, serving('v2', 'v1')], 'it serves v2, and runs v1'],
    [
      'a return of another rollout',
      [wentBack({ ...RETURNED, from: 'v3' }), serving('v1', 'v1')],
      'it serves v1, and runs v1',
    ],
  ])('does not call it updated after %s', async (_what, script, output) => {
    const host = fakeHost('agent-a', script);
    const rollout = rolloutOn(host, armed());
    await expect(runSteps([disarmDeadMan], rollout)).rejects.toMatchObject({
      name: 'RolledBackError',
      exit: 4,
      details: { host: 'agent-a', output },
    });
    host.assertDone();
  });

  test('takes no record that is damaged for a rollout that has ended', async () => {
    const told = disarm(damaged, open, ask(['disarm'], { ending: 'confirmed' }));
    await vi.advanceTimersByTimeAsync(1_000);
    expect((await told).deadMan).toBeUndefined();
  });

  const stuck = [open, ask(['disarm'], { ending: 'none', rolled_back: STUCK })];

  test('ends what the host could not take back, since it is proven; and says that it had to be', async () => {
    for (const script of [stuck, [wentBack(STUCK)]]) {
      const { said, deadMan } = await disarm(...script, serving('v2', 'v2'));
      expect(said).toEqual(['warn it was to be taken back, and stays: it is mute']);
      expect(deadMan).toBeUndefined();
    }
  });

  test('calls that neither updated nor taken back where it does not run', async () => {
    const rollout = rolloutOn(fakeHost('agent-a', [...stuck, serving('v2', 'v1')]), armed());
    await expect(runSteps([disarmDeadMan], rollout)).rejects.toMatchObject({
      message: 'v2 was proven too late; the host could not go back, and stays on v2',
      exit: 1,
      details: { host: 'agent-a', output: 'it is mute' },
    });
  });

  test('is nothing to do where nothing was armed', () => {
    const rollout = rolloutOn(fakeHost('agent-a', []), fromV1);
    expect(disarmDeadMan.isDone?.(rollout)).toBe(true);
    expect(disarmDeadMan.isDone?.(rolloutOn(fakeHost('agent-a', []), armed()))).toBe(false);
  });
});
