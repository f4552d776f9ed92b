import { describe, expect, test } from 'vitest';
import { OperationError, RolledBackError } from '../base/errors.ts';
import { fakeHost } from '../host-access/fake-host.ts';
import { rolloutOn } from './rollout-fixture.ts';
import { type Step, need, runSteps } from './rollout.ts';

const step = (title: string, more: Partial<Step> = {}): Step => ({
  title,
  run: async (rollout) => rollout.reporter.note(`run ${title}`),
  ...more,
});

describe('the steps of a flow', () => {
  test('run in order; what is done is passed over in silence; all is closed at the end', async () => {
    const host = fakeHost('agent-a', []);
    const rollout = rolloutOn(host);
    rollout.lock = {
      number: 1,
      assertHeld: () => {},
      release: async () => void rollout.said.push(`release, open: ${!host.isClosed}`),
    };
    await runSteps([step('a'), step('b', { isDone: () => true }), step('c')], rollout);
    expect(rollout.said).toEqual(['step a', 'note run a', 'step c', 'note run c', 'release, open: true']);
    host.assertDone();
  });

  test('stop at the first that fails, and the lock and the connection end with it', async () => {
    const host = fakeHost('agent-a', []);
    const rollout = rolloutOn(host);
    rollout.lock = {
      number: 1,
      assertHeld: () => {},
      release: async () => void rollout.said.push('release'),
    };
    const failing = step('b', { run: () => Promise.reject(new OperationError('no')) });
    await expect(runSteps([step('a'), failing, step('c')], rollout)).rejects.toThrow('no');
    expect(rollout.said).toEqual(['step a', 'note run a', 'step b', 'release']);
    host.assertDone();
  });

  test('close the connection even where the lock cannot be given back, and tell the first error', async () => {
    const host = fakeHost('agent-a', []);
    const rollout = rolloutOn(host);
    rollout.lock = {
      number: 1,
      assertHeld: () => {},
      release: () => Promise.reject(new Error('the end of a remote command')),
    };
    const failing = step('a', {
      run: () => Promise.reject(new OperationError('the SSH connection was lost')),
    });
    await expect(runSteps([failing], rollout)).rejects.toThrow('the SSH connection was lost');
    host.assertDone();
  });

  test('in a wrong order are a bug, told by what is missing', () => {
    const { host: _host, ...rollout } = rolloutOn(fakeHost('agent-a', []));
    expect(() => need(rollout, 'host')).toThrow(
      new TypeError('a step needs host before any step has set it'),
    );
  });
});

describe('what was begun', () => {
  test('is undone last first, the step that failed included, and the error stays the one to tell', async () => {
    const host = fakeHost('agent-a', []);
    const undo = (title: string): Partial<Step> => ({
      undo: async ({ reporter }, error) => reporter.note(`undo ${title}: ${(error as Error).message}`),
    });
    const failing = step('c', { ...undo('c'), run: () => Promise.reject(new OperationError('no')) });
    const steps = [step('a', undo('a')), step('b'), failing, step('d', undo('d'))];
    const rollout = rolloutOn(host);
    await expect(runSteps(steps, rollout)).rejects.toThrow('no');
    expect(rollout.said.slice(-2)).toEqual(['note undo c: no', 'note undo a: no']);
    host.assertDone();
  });

  test('may have more to tell: that is told then', async () => {
    const host = fakeHost('agent-a', []);
    const failing = step('a', {
      run: () => Promise.reject(new OperationError('no')),
      undo: () => Promise.reject(new RolledBackError('no; the host went back')),
    });
    await expect(runSteps([failing], rolloutOn(host))).rejects.toThrow('no; the host went back');
    host.assertDone();
  });
});
