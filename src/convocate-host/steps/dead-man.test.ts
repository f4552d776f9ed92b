import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type ExpectedCall, fakeHost } from '../../host-access/fake-host.ts';
import { healthy } from '../plan-fixture.ts';
import { rolloutOn, runStep, type ToldRollout } from '../rollout-fixture.ts';
import { type Rollout, type Step, runSteps } from '../rollout.ts';
import {
  RETURNED,
  STUCK,
  armed,
  ask,
  failing,
  fromV1,
  goBack,
  open,
  serving,
  settled,
  wentBack,
} from './dead-man-fixture.ts';
import { armDeadMan, disarmDeadMan, settleEarlier } from './dead-man.ts';

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

describe('a rollout that was left open by another', () => {
  const lookAgain: Step = { title: '', run: async ({ reporter }) => reporter.note('looked again') };
  const goBackNow = (answer: object): ExpectedCall =>
    goBack('another rollout began before it was confirmed', answer);

  test.each([
    [{ ending: 'rolled_back', rolled_back: RETURNED }, ['note went back from v2 to v1', 'note looked again']],
    [{ ending: 'none' }, ['note looked again']],
    [{ ending: 'none', rolled_back: STUCK }, ['warn it stays: it is mute', 'note looked again']],
  ])('is taken back with our number, and the host looked at again: %j', async (answer, words) => {
    const { said } = await runStep(settleEarlier(lookAgain), [goBackNow(answer)]);
    expect(said).toEqual(words);
  });

  test('that cannot be taken back ends ours, with nothing looked at', async () => {
    const refused = runStep(settleEarlier(lookAgain), [failing(goBackNow({}), 1, 'no')]);
    await expect(refused).rejects.toThrow('convocate-agent failed');
  });

  test('is nothing to do where there is none', () => {
    const step = settleEarlier(lookAgain);
    const on = (facts: Rollout['facts'] & object): boolean | undefined =>
      step.isDone?.(rolloutOn(fakeHost('agent-a', []), { facts }));
    expect([on(healthy), on({ ...healthy, openRollout: { from: 'v1', to: 'v2' } })]).toEqual([true, false]);
  });
});
