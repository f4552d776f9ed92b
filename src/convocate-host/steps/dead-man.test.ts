import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type ExpectedCall, fakeHost } from '../../host-access/fake-host.ts';
import { healthy } from '../plan-fixture.ts';
import { planWith, rolloutOn, runStep, type ToldRollout } from '../rollout-fixture.ts';
import { type Rollout, type Step, runSteps } from '../rollout.ts';
import {
  RETURNED,
  armed,
  ask,
  failing,
  fromV1,
  goBack,
  open,
  settled,
  wentBack,
} from './dead-man-fixture.ts';
import { armDeadMan, disarmDeadMan, settleEarlier } from './dead-man.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('arming', () => {
  const argv = [
    '/usr/local/lib/convocate/releases/v1/convocate-agent',
    'arm',
    '--rollout',
    '1',
    '--to',
    'v2',
  ];
  const arm = (answer: ExpectedCall['answer']): Promise<ToldRollout> =>
    runStep(armDeadMan, [{ argv: [...argv, '--window', '60'], ...(answer && { answer }) }], fromV1);

  test('has the live release watch, and tells until when', async () => {
    const { said, deadMan } = await arm({ stdout: '{"armed":true}' });
    expect(said).toEqual(['note not confirmed within 60 s, it goes back to v1 by itself']);
    expect(deadMan).toEqual({ from: 'v1', deadline: performance.now() + 60_000 });
  });

  test('a live release that is not whole is a warning: there is no way back, and nothing to undo', async () => {
    const { said, deadMan } = await arm({ stdout: '{"armed":false,"why":"lib/x is not the file it was"}' });
    expect(said).toEqual([
      'warn no way back: the live release v1 is not whole (lib/x is not the file it was)',
    ]);
    expect(deadMan).toBeUndefined();
  });

  test.each([
    [2, "error: unknown command 'arm'\n", "error: unknown command 'arm'"],
    [126, 'cannot execute\n', 'cannot execute'],
    [127, '', 'exit 127'],
    [139, 'some words\nSegmentation fault\n', 'Segmentation fault'],
  ])('so is a program that cannot run its verbs (exit %i)', async (exitCode, stderr, why) => {
    const { said, deadMan } = await arm({ exitCode, stderr });
    expect(said).toEqual([`warn no way back: the live release v1 is not whole (${why})`]);
    expect(deadMan).toBeUndefined();
  });

  test.each([1, 3, 125])(
    'a program that runs but cannot arm (exit %i) ends the rollout',
    async (exitCode) => {
      const host = fakeHost('agent-a', [
        { argv: [...argv, '--window', '60'], answer: { exitCode, stderr: 'still open' } },
      ]);
      const activate = { title: 'activating', run: vi.fn<Step['run']>() };
      const rollout = rolloutOn(host, fromV1);
      await expect(runSteps([armDeadMan, activate], rollout)).rejects.toMatchObject({
        message: 'the dead-man timer could not be armed, so nothing was activated',
        exit: 1,
        details: { host: 'agent-a', exitCode, output: 'still open' },
      });
      expect(activate.run).not.toHaveBeenCalled();
      expect(rollout.deadMan).toBeUndefined();
      host.assertDone();
    },
  );

  test.each([
    [undefined, 'v2', true],
    ['v2', 'v2', true],
    ['v1', 'v2', false],
  ])('from %s to %s is passed over: %s', (fromVersion, version, isDone) => {
    const rollout = rolloutOn(fakeHost('agent-a', []), planWith({ fromVersion, version }));
    expect(armDeadMan.isDone?.(rollout)).toBe(isDone);
  });
});

describe('disarming', () => {
  const disarm = (...script: ExpectedCall[]): Promise<ToldRollout> => runStep(disarmDeadMan, script, armed());

  test.each([
    ['confirmed', [open, ask(['disarm'], { ending: 'confirmed' })]],
    ['settled by a first try, whose answer was lost', [settled]],
  ])('ends what is %s', async (_what, script) => {
    expect((await disarm(...script)).deadMan).toBeUndefined();
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
