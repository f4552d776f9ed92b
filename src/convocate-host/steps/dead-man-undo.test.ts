import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { OperationError, RolledBackError } from '../../base/errors.ts';
import { type ExpectedCall, type FakeHost, fakeHost } from '../../host-access/fake-host.ts';
import { healthy } from '../plan-fixture.ts';
import { rolloutOn, type ToldRollout } from '../rollout-fixture.ts';
import { type Rollout, type Step, runSteps } from '../rollout.ts';
import {
  RETURNED,
  STUCK,
  armed,
  cut,
  damaged,
  failing,
  goBack,
  open,
  record,
  settled,
  wentBack,
} from './dead-man-fixture.ts';
import { InconclusiveError } from './confirm-healthy.ts';
import { armDeadMan } from './dead-man.ts';
import { waitForAnswer } from './wait-for-answer.ts';

vi.mock('./wait-for-answer.ts');

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  vi.useRealTimers();
  vi.resetAllMocks();
});

/** A rollout that fails with `error` after it was armed, on a host that is asked exactly this. */
function failAfterArming(
  script: readonly ExpectedCall[],
  error: Error,
  changes: Partial<Rollout> = {},
): { host: FakeHost; rollout: ToldRollout; ended: Promise<unknown> } {
  const host = fakeHost('agent-a', script);
  const rollout = rolloutOn(host, armed(changes));
  const failed: Step = { ...armDeadMan, isDone: () => false, run: () => Promise.reject(error) };
  const ended = runSteps([failed], rollout).catch((reason: unknown) => reason);
  return { host, rollout, ended };
}

describe('a rollout that fails once it is armed', () => {
  const error = new OperationError('the agent service did not start', {
    output: 'EADDRINUSE',
    hint: 'mend it',
  });

  test('over a session that a person may have ended says that, and not that its sessions ran on', async () => {
    const changed = new InconclusiveError('not what they were', { hint: 'just run it again' });
    const rolled_back = { ...RETURNED, reason: changed.message };
    const answer = goBack(changed.message, { ending: 'rolled_back', rolled_back });
    const { ended } = failAfterArming([open, answer], changed);
    expect(await ended).toMatchObject({
      exit: 4,
      details: { hint: 'it serves v1 as before; just run it again' },
    });
  });

  test('has the host go back, and says why and that it serves as before', async () => {
    const rolled_back = { ...RETURNED, reason: error.message };
    const answer = goBack(error.message, { ending: 'rolled_back', rolled_back });
    const { host, rollout, ended } = failAfterArming([open, answer], error);
    const told = await ended;
    expect(told).toBeInstanceOf(RolledBackError);
    expect(told).toMatchObject({
      message: 'the agent service did not start; the host went back to v1',
      exit: 4,
      details: {
        host: 'agent-a',
        output: 'EADDRINUSE',
        hint: 'it serves v1 as before, its sessions ran on; mend the cause, then roll out again',
      },
      cause: error,
    });
    expect(rollout.said.at(-1)).toBe('step going back to v1');
    expect(vi.mocked(waitForAnswer)).toHaveBeenCalledWith(record, { version: 'v1' }, 20_000);
    host.assertDone();
  });

  test('tells the reason of the host where that is another, and where v1 does not answer', async () => {
    vi.mocked(waitForAnswer).mockRejectedValue(new OperationError('no answer'));
    const told = await failAfterArming([wentBack()], error).ended;
    expect(told).toMatchObject({
      message: 'the agent service did not start; the host went back to v1 (it is mute)',
      exit: 4,
      details: {
        hint: 'look at it at once: that v1 answers was not seen (no answer); its sessions run on',
      },
    });
  });

  test('claims nothing about a host that is not registered yet, since nobody can ask it', async () => {
    const { record: _record, ...rest } = armed();
    const host = fakeHost('agent-a', [wentBack()]);
    const failed: Step = { ...armDeadMan, isDone: () => false, run: () => Promise.reject(error) };
    await expect(runSteps([failed], rolloutOn(host, rest))).rejects.toMatchObject({
      exit: 4,
      details: { hint: expect.stringContaining('it is not registered here yet') as string },
    });
    expect(waitForAnswer).not.toHaveBeenCalled();
    host.assertDone();
  });

  test.each([
    ['answers', [open, goBack(error.message, { ending: 'none', rolled_back: STUCK })]],
    ['has it on record', [wentBack(STUCK)]],
  ])('does not call it taken back where the host could not, and %s so', async (_how, script) => {
    const { host, ended } = failAfterArming(script, error);
    expect(await ended).toMatchObject({
      name: 'OperationError',
      message: 'the agent service did not start; the host could not go back, and stays on v2',
      exit: 1,
      details: { host: 'agent-a', output: 'it is mute' },
      cause: error,
    });
    host.assertDone();
  });

  test.each([
    ['had never left v1', [open, goBack(error.message, { ending: 'none' })]],
    ['was confirmed', [open, goBack(error.message, { ending: 'confirmed' })]],
    ['knows of no rollout', [settled]],
  ])('stays with its own error where the host %s', async (_what, script) => {
    const { host, ended } = failAfterArming(script, error);
    expect(await ended).toBe(error);
    host.assertDone();
  });

  test('does not take an older notice, which was there before, for its own', async () => {
    const facts = { ...healthy, rolledBack: RETURNED };
    expect(await failAfterArming([wentBack()], error, { facts }).ended).toBe(error);
    const later = { ...RETURNED, at: '2026-01-02T03:04:05.679Z' };
    expect(await failAfterArming([wentBack(later)], error, { facts }).ended).toBeInstanceOf(RolledBackError);
  });

  test('asks again, over a new connection each second, until the host can be reached', async () => {
    const refused = failing(goBack(error.message, {}), 3, 'rollout 1 lost this host to rollout 2');
    const { host, ended } = failAfterArming([cut, cut, open, refused, wentBack()], error);
    await vi.advanceTimersByTimeAsync(2_999);
    expect(() => host.assertDone()).toThrow('still expects');
    await vi.advanceTimersByTimeAsync(1);
    expect(await ended).toBeInstanceOf(RolledBackError);
    host.assertDone();
  });

  test.each([
    [
      'the host goes back by itself, where it cannot be reached',
      cut,
      'no route to host',
      'unless it was confirmed, the host goes back to v1 by itself; see `convocate-host status` when it can be reached',
    ],
    [
      'nothing there can go back, where the record of the rollout is damaged',
      damaged,
      'the record of an open rollout in /var/lib/convocate-agent/rollout is damaged',
      'nothing there can go back by it: run the same command again, which closes it first',
    ],
  ])('says, long after its time, that %s', async (_what, answer, output, hint) => {
    const seconds = 60 + 90;
    const { host, rollout, ended } = failAfterArming(
      Array.from({ length: seconds + 2 }, () => answer),
      error,
    );
    await vi.advanceTimersByTimeAsync(seconds * 1000);
    expect(() => host.assertDone()).toThrow('still expects');
    await vi.advanceTimersByTimeAsync(1000);
    expect(await ended).toMatchObject({
      message: 'how the rollout ended could not be seen from here',
      exit: 1,
      details: { host: 'agent-a', output, hint },
    });
    expect(rollout.deadMan).toBeDefined();
    host.assertDone();
  });
});
