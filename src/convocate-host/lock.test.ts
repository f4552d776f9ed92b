import { describe, expect, test } from 'vitest';
import { OperationError, RefusedError } from '../base/errors.ts';
import { type FakeHost, fakeHost } from '../host-access/fake-host.ts';
import { AGENT_HOST } from '../protocol/host-layout.ts';
import { FENCE, HOLD_LOCK, LOOK_AT_LOCK, scriptArgv } from './host-scripts.ts';
import { behindFence, lookAtLock, takeLock } from './lock.ts';

/** The holder's words hold time and user, so the script is matched by what is fixed of it. */
function lockHost(prints: readonly string[], endsWith?: { exitCode: number; stderr: string }): FakeHost {
  const { rolloutLock, rolloutDir, rolloutWorkLock, oldRolloutLock, oldRolloutWorkLock } = AGENT_HOST;
  const places = [rolloutDir, rolloutWorkLock, oldRolloutLock, oldRolloutWorkLock];
  const argv = scriptArgv(HOLD_LOCK, rolloutLock, 'WHO', ...places);
  const inner = fakeHost('agent-a', [{ start: argv, prints, ...(endsWith && { endsWith }) }]);
  return { ...inner, start: (given) => inner.start(given.with(given.length - 5, 'WHO')) };
}

describe('the lock', () => {
  test('held by another is a refusal that names them', async () => {
    const error = await takeLock(
      lockHost(['held by anna on shell since then'], { exitCode: 3, stderr: '' }),
    ).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(RefusedError);
    expect(error).toMatchObject({
      message: 'another rollout is under way on this host: held by anna on shell since then',
      exit: 3,
    });
  });

  test('that cannot be taken is an error with the reason', async () => {
    await expect(takeLock(lockHost([], { exitCode: 1, stderr: 'no such folder' }))).rejects.toMatchObject({
      message: 'the rollout lock could not be taken',
      details: { exitCode: 1, output: 'no such folder' },
    });
  });

  test('is held until it is given back', async () => {
    const lock = await takeLock(lockHost(['locked 7']));
    lock.assertHeld();
    await lock.release();
    lock.assertHeld(); // given back, not lost
  });

  test('that was lost forbids every further change', async () => {
    const stderr = 'Timeout, server agent-a not responding.';
    const lock = await takeLock(lockHost(['locked 7'], { exitCode: 255, stderr }));
    await new Promise((resolve) => setImmediate(resolve));
    const look = async (): Promise<void> => lock.assertHeld();
    await expect(look()).rejects.toMatchObject({
      message: 'the rollout lock was lost with its connection; nothing more was changed',
      details: { exitCode: 255, output: stderr },
    });
  });

  test.each([
    ['by anna\n', 'by anna'],
    ['', undefined],
  ])('a look at it tells %j as %j', async (stdout, holder) => {
    const host = fakeHost('agent-a', [
      { argv: scriptArgv(LOOK_AT_LOCK, AGENT_HOST.rolloutLock), answer: { stdout } },
    ]);
    expect(await lookAtLock(host)).toBe(holder);
  });
});

describe('a host behind the fence', () => {
  const { rolloutDir, rolloutWorkLock, oldRolloutWorkLock } = AGENT_HOST;
  const places = [rolloutDir, rolloutWorkLock, oldRolloutWorkLock];
  const argv = scriptArgv(FENCE, ...places, '7', 'systemctl', 'restart', 'x');

  test('is asked nothing without its number', async () => {
    const host = fakeHost('agent-a', [{ argv, answer: { exitCode: 5 } }, { start: argv }]);
    const fenced = behindFence(host, { number: 7, assertHeld: () => {} });
    expect((await fenced.run(['systemctl', 'restart', 'x'])).exitCode).toBe(5);
    await (await fenced.start(['systemctl', 'restart', 'x'])).finish();
    await fenced.close();
    host.assertDone();
  });

  test('says whose it is now, and names a command that failed by its own words', async () => {
    const stderr = 'fenced off: rollout 7 lost this host to rollout 8\n';
    const host = fakeHost('agent-a', [
      { argv, answer: { exitCode: 75, stderr } },
      { start: argv, endsWith: { exitCode: 75, stderr } },
      { argv, answer: { exitCode: 1, stderr: 'no such unit' } },
    ]);
    const fenced = behindFence(host, { number: 7, assertHeld: () => {} });
    await expect(fenced.run(['systemctl', 'restart', 'x'])).rejects.toThrow(
      'the rollout lock was lost to another rollout (fenced off: rollout 7 lost this host to rollout 8); nothing more was changed',
    );
    await expect((await fenced.start(['systemctl', 'restart', 'x'])).finish()).rejects.toThrow('was lost to');
    await expect(fenced.check(['systemctl', 'restart', 'x'])).rejects.toMatchObject({
      message: 'systemctl failed',
      details: { argv: ['systemctl', 'restart', 'x'], output: 'no such unit' },
    });
    await host.close();
  });

  test('is not asked at all once the lock is known to be lost', async () => {
    const host = fakeHost('agent-a', []);
    const assertHeld = (): void => {
      throw new OperationError('the lock was lost');
    };
    const fenced = behindFence(host, { number: 7, assertHeld });
    await expect(fenced.run(['true'])).rejects.toThrow('the lock was lost');
    await expect(fenced.start(['true'])).rejects.toThrow('the lock was lost');
    await host.close();
  });
});
