import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type ExpectedCall, fakeHost } from '../../host-access/fake-host.ts';
import { healthy } from '../plan-fixture.ts';
import { planWith, rolloutOn, runStep, type ToldRollout } from '../rollout-fixture.ts';
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

  const armArgv = [...argv, '--window', '60'];
  const ended = (exitCode: number, stderr = ''): ExpectedCall => ({
    argv: armArgv,
    answer: { exitCode, stderr },
  });
  const askVersion = (exitCode: number): ExpectedCall => ({
    argv: ['/usr/local/lib/convocate/releases/v1/convocate-agent', 'version'],
    answer: { exitCode },
  });

  test.each([
    [ended(2, "error: unknown command 'arm'\n"), [], "error: unknown command 'arm'"],
    [ended(126, 'cannot execute\n'), [], 'cannot execute'],
    [ended(127), [], 'exit 127'],
    [ended(139, 'some words\nSegmentation fault\n'), [askVersion(139)], 'Segmentation fault'],
    [ended(255), [askVersion(255)], 'exit 255'],
  ])('so is a program that cannot run its verbs: %j', async (arming, more, why) => {
    const { said, deadMan } = await runStep(armDeadMan, [arming, settled, ...more], fromV1);
    expect(said).toEqual([`warn no way back: the live release v1 is not whole (${why})`]);
    expect(deadMan).toBeUndefined();
  });

  /** The rollout goes no further than to the arming, on a host that is asked exactly this. */
  async function failToArm(...script: ExpectedCall[]): Promise<{ error: unknown; rollout: ToldRollout }> {
    const host = fakeHost('agent-a', script);
    const activate = { title: 'activating', run: vi.fn<Step['run']>() };
    const rollout = rolloutOn(host, fromV1);
    const error = await runSteps([armDeadMan, activate], rollout).catch((reason: unknown) => reason);
    expect(activate.run).not.toHaveBeenCalled();
    expect(rollout.deadMan).toBeUndefined();
    host.assertDone();
    return { error, rollout };
  }
  const notArmed = (exitCode: number, output: string): object => ({
    name: 'OperationError',
    message: 'the dead-man timer could not be armed, so nothing was activated',
    exit: 1,
    details: { host: 'agent-a', exitCode, output, hint: expect.any(String) as string },
  });

  test.each([1, 2, 3, 125])(
    'a program that runs but does not arm (exit %i) ends the rollout',
    async (exitCode) => {
      const { error, rollout } = await failToArm(ended(exitCode, 'still open'), settled);
      expect(error).toMatchObject(notArmed(exitCode, 'still open'));
      expect(rollout.said).toEqual(['step arming the dead-man timer']);
    },
  );

  test.each([137, 143, 255])(
    'so does one that was killed before it had armed (exit %i)',
    async (exitCode) => {
      const { error } = await failToArm(ended(exitCode), settled, askVersion(0));
      expect(error).toMatchObject(notArmed(exitCode, ''));
      expect(error).toMatchObject({
        details: { hint: expect.stringContaining('it was killed') as string },
      });
    },
  );

  test.each([1, 137, 255])(
    'one that ended after it had armed (exit %i) is taken back: the host must not go back later, unasked',
    async (exitCode) => {
      const reason = 'the dead-man timer could not be armed, so nothing was activated';
      const { error, rollout } = await failToArm(
        ended(exitCode),
        open,
        open,
        goBack(reason, { ending: 'none' }),
      );
      expect(error).toMatchObject(notArmed(exitCode, ''));
      expect(rollout.said).toEqual(['step arming the dead-man timer', 'step going back to v1']);
    },
  );

  test('an answer that makes no sense is none', async () => {
    const { error } = await failToArm({ argv: armArgv, answer: { stdout: 'ok\n' } }, settled);
    expect(error).toMatchObject(notArmed(0, ''));
  });

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
