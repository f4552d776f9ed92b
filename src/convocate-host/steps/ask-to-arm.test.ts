import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type ExpectedCall, fakeHost } from '../../host-access/fake-host.ts';
import { planWith, rolloutOn, runStep, type ToldRollout } from '../rollout-fixture.ts';
import { type Step, runSteps } from '../rollout.ts';
import { damaged, fromV1, goBack, open, settled } from './dead-man-fixture.ts';
import { armDeadMan } from './dead-man.ts';

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
  const askVersion = (exitCode: number, stdout = ''): ExpectedCall => ({
    argv: ['/usr/local/lib/convocate/releases/v1/convocate-agent', 'version'],
    answer: { exitCode, stdout },
  });
  const isAble = askVersion(0, 'v1\n');
  const missing = "Error: Cannot find module '/x/lib/convocate-agent.mjs'";
  const flipped = 'SyntaxError: Invalid or unexpected token';
  const trace = (words: string): string =>
    `node:internal/modules:1\n  throw err;\n\n${words}\n    at x (node:internal)\n\nNode.js v24.21.0\n`;

  test.each([
    [ended(2, "error: unknown command 'arm'\n"), [], "error: unknown command 'arm'"],
    [ended(126, 'cannot execute\n'), [], 'cannot execute'],
    [ended(127), [], 'exit 127'],
    [ended(139, 'some words\nSegmentation fault\n'), [askVersion(139)], 'Segmentation fault'],
    [ended(255), [askVersion(255)], 'exit 255'],
    [ended(1, trace(missing)), [askVersion(1)], missing],
    [ended(1, trace(flipped)), [askVersion(1)], flipped],
    [ended(0), [askVersion(0)], 'it ends without an answer'],
    [ended(1, 'words of another'), [askVersion(0, 'v0\n')], 'words of another'],
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

  test.each([1, 2, 3])(
    'a program that says why it does not arm (exit %i) ends the rollout',
    async (exitCode) => {
      const words = 'error: an earlier rollout is still open on this host\n  next:    wait\n';
      const { error, rollout } = await failToArm(ended(exitCode, words), settled);
      expect(error).toMatchObject(notArmed(exitCode, words));
      expect(rollout.said).toEqual(['step arming the dead-man timer']);
    },
  );

  test('so does a bug of one that can run its verbs', async () => {
    const words = 'internal error: x is not a function\n  this is a bug\n';
    const { error } = await failToArm(ended(1, words), settled, isAble);
    expect(error).toMatchObject(notArmed(1, words));
  });

  test.each([137, 143, 255])(
    'so does one that was killed before it had armed (exit %i)',
    async (exitCode) => {
      const { error } = await failToArm(ended(exitCode), settled, isAble);
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

  test('one that left a damaged record behind may have armed: no release is activated over that', async () => {
    const reason = 'the dead-man timer could not be armed, so nothing was activated';
    const { error } = await failToArm(ended(1), damaged, open, goBack(reason, { ending: 'none' }));
    expect(error).toMatchObject(notArmed(1, ''));
  });

  test('an answer that makes no sense is none', async () => {
    const { error } = await failToArm({ argv: armArgv, answer: { stdout: 'ok\n' } }, settled, isAble);
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
