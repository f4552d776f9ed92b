import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { OperationError, RefusedError } from '../../base/errors.ts';
import { type FakeHost, fakeHost } from '../../host-access/fake-host.ts';
import type { Host } from '../../host-access/host.ts';
import { planWith, rolloutOn } from '../rollout-fixture.ts';
import { runSteps } from '../rollout.ts';
import { armDeadMan } from './dead-man.ts';
import { freshConnection } from './fresh-connection.ts';
import { restartAgent } from './restart-agent.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const refused = new RefusedError('cannot log in over SSH; nothing was changed', {
  argv: ['ssh', 'agent-a'],
  output: 'No route to host',
  hint: 'check the user',
});

/** A host that cannot be reached anew for that many times. */
function cutOff(host: FakeHost, times: number): FakeHost {
  let tries = 0;
  const reconnect: Host['reconnect'] = async () => {
    tries += 1;
    if (tries <= times) throw refused;
    return await host.reconnect();
  };
  return { ...host, reconnect };
}

test('a fresh connection is tried again each second until it comes', async () => {
  const found = freshConnection(cutOff(fakeHost('agent-a', []), 20), 30_000);
  await vi.advanceTimersByTimeAsync(20_000);
  expect((await found).name).toBe('agent-a');
});

test('where none comes in time, that is told in words that are true after a restart', async () => {
  const ended = freshConnection(cutOff(fakeHost('agent-a', []), 99), 30_000).catch((error: unknown) => error);
  await vi.advanceTimersByTimeAsync(30_000);
  expect(await ended).toBeInstanceOf(OperationError);
  expect(await ended).toMatchObject({
    message: 'the release could not be confirmed: no fresh SSH connection to the host came',
    exit: 1,
    details: {
      host: 'agent-a',
      argv: ['ssh', 'agent-a'],
      output: 'cannot log in over SSH\nNo route to host',
      hint: 'check the user',
    },
  });
});

test('a refusal after the restart is none "before anything was changed", for the operator and for the undoing', async () => {
  const host = fakeHost('agent-a', [
    { argv: ['systemctl', 'reset-failed', 'convocate-agent.service'] },
    { argv: ['systemctl', 'restart', 'convocate-agent.service'] },
  ]);
  const undo = vi.fn<NonNullable<typeof armDeadMan.undo>>().mockResolvedValue();
  const steps = [
    { title: 'before', run: () => Promise.resolve(), undo },
    restartAgent,
    { title: 'after', run: () => Promise.reject(refused) },
  ];
  const error = await runSteps(steps, rolloutOn(host, planWith({ restart: true }))).catch(
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(OperationError);
  expect(error).toMatchObject({ message: 'cannot log in over SSH', exit: 1, details: refused.details });
  expect(undo).toHaveBeenCalledWith(expect.anything(), error);
  host.assertDone();
});
