import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { DeadlineError } from '../../base/deadline.ts';
import { OperationError } from '../../base/errors.ts';
import { type ExpectedCall, fakeHost } from '../../host-access/fake-host.ts';
import type { Host } from '../../host-access/host.ts';
import type { ContainerFact } from '../docker-facts.ts';
import { factsLines } from '../facts-fixture.ts';
import { scriptArgv } from '../host-scripts.ts';
import { READ_SESSIONS } from '../look-scripts.ts';
import { healthy, healthyDocker } from '../plan-fixture.ts';
import { planWith, rolloutOn, type ToldRollout } from '../rollout-fixture.ts';
import { runSteps } from '../rollout.ts';
import { InconclusiveError, confirmHealthy, expectSameContainers } from './confirm-healthy.ts';
import { record } from './dead-man-fixture.ts';
import { noteSessions } from './note-sessions.ts';
import { expectStatusLink, expectStatusLinkStill } from './status-link.ts';
import { waitForAnswer } from './wait-for-answer.ts';

vi.mock('./wait-for-answer.ts');
vi.mock('./status-link.ts');
beforeEach(() => vi.mocked(waitForAnswer).mockResolvedValue());
afterEach(() => {
  vi.useRealTimers();
  vi.resetAllMocks();
});

const one: ContainerFact = {
  id: 'c1',
  name: 'one',
  image: 'convocate:v1',
  imageId: 'sha256:x',
  startedAt: 'then',
  running: true,
};

describe('the same containers', () => {
  test('may have become more, and one that had stopped may run again', () => {
    const stopped = { ...one, id: 'c2', running: false };
    expect(() =>
      expectSameContainers(
        'agent-a',
        [one, stopped],
        [{ ...stopped, running: true }, one, { ...one, id: 'c3' }],
      ),
    ).not.toThrow();
  });

  test.each([
    ['gone', []],
    ['stopped', [{ ...one, running: false }]],
    ['started anew', [{ ...one, startedAt: 'now' }]],
    ['on another image', [{ ...one, imageId: 'sha256:y' }]],
    ['another of the same name', [{ ...one, id: 'c9' }]],
  ])('are not one that is %s', (_how, after) => {
    expect(() => expectSameContainers('agent-a', [one], after)).toThrow(
      expect.objectContaining({
        details: {
          host: 'agent-a',
          output: 'one',
          hint: expect.stringMatching(
            /ended by itself .*killed or restarted.*run the command again/,
          ) as string,
        },
      }) as Error,
    );
  });
});

describe('the sessions that a rollout must leave as they are', () => {
  const has = (...containers: ContainerFact[]): ExpectedCall => ({
    argv: scriptArgv(READ_SESSIONS),
    answer: {
      stdout: factsLines(
        containers.map(({ id, name, image, imageId, startedAt, running }) => {
          const values = [id, `/${name}`, image, imageId, startedAt, running];
          return ['container', values.map((value) => JSON.stringify(value)).join(' ')] as const;
        }),
      ),
    },
  });
  const silence: ExpectedCall = { argv: scriptArgv(READ_SESSIONS), answer: { exitCode: 1 } };
  const prove: ExpectedCall = { argv: ['/usr/local/lib/convocate/releases/v2/convocate-agent', 'prove'] };
  const facts = { ...healthy, docker: { ...healthyDocker, containers: [one] } };
  const two: ContainerFact = { ...one, id: 'c2', name: 'two' };

  /** An update that sent something; `one` was there when it began. */
  async function confirm(...script: ExpectedCall[]): Promise<ToldRollout> {
    const host = fakeHost('agent-a', script);
    const rollout = rolloutOn(host, { ...planWith({ loadImage: true, activate: true }), facts, record });
    await runSteps([noteSessions, confirmHealthy], rollout);
    host.assertDone();
    return rollout;
  }

  test.each([
    ['ended', []],
    ['was started anew', [{ ...one, startedAt: 'since' }]],
    ['made way for another', [two]],
  ])(
    'are those before anything is changed: one that %s while the image travelled is no harm',
    async (_how, now) => {
      const { said } = await confirm(has(...now), prove, has(...now));
      if (now.length > 0) expect(said).toContain('note 1 session containers are the very same');
    },
  );

  test('are missed where one is gone since then', async () => {
    await expect(confirm(has(one, two), prove, has(one))).rejects.toMatchObject({
      message: 'session containers are not what they were before the rollout',
      details: { output: 'two' },
    });
  });

  test('are not taken for none where Docker does not answer', async () => {
    await expect(confirm(silence)).rejects.toThrow('Docker does not answer');
    await expect(confirm(has(one), prove, silence)).rejects.toThrow('Docker does not answer');
  });

  test('are not read again where nothing is to be changed', () => {
    const unchanged = rolloutOn(fakeHost('agent-a', []));
    expect(noteSessions.isDone?.(unchanged)).toBe(true);
    const changed = rolloutOn(fakeHost('agent-a', []), planWith({ restart: true }));
    expect(noteSessions.isDone?.(changed)).toBe(false);
  });

  const unit: ExpectedCall = {
    argv: ['systemctl', 'show', 'convocate-agent.service', '-p', 'ActiveState,MainPID,NRestarts'],
    answer: { stdout: 'ActiveState=active\nMainPID=7\nNRestarts=0\n' },
  };
  const restarted = { ...planWith({ restart: true }), facts, record, sessionsBefore: [one] };

  test('are looked at when the soak is over, and so is the unit: a program may end them seconds after its start', async () => {
    const host = fakeHost('agent-a', [unit, prove, unit, has()]);
    await expect(runSteps([confirmHealthy], rolloutOn(host, restarted))).rejects.toThrow(
      'session containers are not what they were before the rollout',
    );
    host.assertDone();
  });

  test('and a unit that was started again meanwhile is none that stayed up', async () => {
    const again = { ...unit, answer: { stdout: 'ActiveState=active\nMainPID=8\nNRestarts=1\n' } };
    const host = fakeHost('agent-a', [unit, prove, again, has(one)]);
    await expect(runSteps([confirmHealthy], rolloutOn(host, restarted))).rejects.toThrow('did not stay up');
  });

  test('and a status link that came and went is told', async () => {
    vi.mocked(expectStatusLinkStill).mockRejectedValue(new OperationError('lost again'));
    await expect(confirm(has(one), prove, has(one))).rejects.toThrow('lost again');
  });

  test('a release that does not prove itself ends the soak and the wait for its status link as well', async () => {
    const waits = vi.fn<(signal: AbortSignal | undefined) => void>();
    vi.mocked(expectStatusLink).mockImplementation((_rollout, _timeoutMs, signal) => {
      waits(signal);
      return new Promise(() => {});
    });
    const host = fakeHost('agent-a', [unit, { ...prove, answer: { exitCode: 1 } }]);
    const rollout = rolloutOn(host, { ...restarted, options: { soakMs: 600_000, confirmMs: 1_200_000 } });
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    await expect(runSteps([confirmHealthy], rollout)).rejects.toMatchObject({ details: { exitCode: 1 } });
    expect(waits.mock.calls[0]?.[0]?.aborted).toBe(true);
    await vi.advanceTimersByTimeAsync(0);
    expect(vi.getTimerCount()).toBe(0); // the soak's
  });

  test('a container from the image that the window left no time for says nothing against the release', async () => {
    const late = new OperationError('not within 1 s', {
      host: 'agent-a',
      cause: new DeadlineError('it', 1_000),
    });
    const host = fakeHost('agent-a', [{ ...prove, answer: late }]);
    const rollout = rolloutOn(host, { ...planWith({ loadImage: true }), facts, record });
    await expect(runSteps([confirmHealthy], rollout)).rejects.toMatchObject({
      constructor: InconclusiveError,
      message: 'a container from the image did not end within 1.0 s, all that was left to prove it',
      details: { host: 'agent-a', hint: expect.stringContaining('--confirm-timeout') as string },
    });
  });

  test('a container from the image has as long to run as the window leaves, and a tenth of that is kept', async () => {
    const host = fakeHost('agent-a', [prove, has(one)]);
    const fresh = await host.reconnect();
    const check = vi.fn<Host['check']>(async (argv) => await fresh.check(argv));
    const rollout = rolloutOn(
      { ...host, reconnect: () => Promise.resolve({ ...fresh, check }) },
      { ...planWith({ loadImage: true }), facts, record, options: { soakMs: 0, confirmMs: 600_000 } },
    );
    await runSteps([confirmHealthy], rollout);
    expect(check).toHaveBeenCalledWith(prove.argv, { timeoutMs: 540_000 });
    expect(waitForAnswer).toHaveBeenCalledWith(record, expect.anything(), 540_000);
  });
});
