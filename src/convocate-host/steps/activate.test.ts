import { describe, expect, test } from 'vitest';
import { type ExpectedCall, fakeHost } from '../../host-access/fake-host.ts';
import { rolloutOn, runStep } from '../rollout-fixture.ts';
import { activate, installAgent } from './activate.ts';

const PROGRAM = '/usr/local/lib/convocate/releases/v2/convocate-agent';

describe('activating', () => {
  const argv = [PROGRAM, 'activate'];
  const answer = (items: object[]): ExpectedCall => ({ argv, answer: { stdout: JSON.stringify({ items }) } });

  test.each([
    ['an update', activate, 'note changed /etc/x'],
    ['init-agent', installAgent, 'note /etc/x: has other content; put right'],
  ])('in %s runs the staged program and tells what it put right', async (_flow, step, words) => {
    const items = [
      { item: 'docker', state: 'ok' },
      { item: '/etc/x', state: 'fixed', detail: 'has other content' },
      { item: 'session program', state: 'warning', detail: 'is missing' },
    ];
    const rollout = await runStep(step, [answer(items)]);
    expect(rollout.said).toEqual([words, 'warn session program: is missing']);
    expect(rollout.mustRestart).toBe(true);
  });

  test('asks for no restart where all was right', async () => {
    expect((await runStep(activate, [answer([{ item: 'docker', state: 'ok' }])])).mustRestart).toBe(false);
  });

  test('is passed over where the plan has nothing of it; init-agent never passes over it', () => {
    const rollout = rolloutOn(fakeHost('agent-a', []));
    expect(activate.isDone?.(rollout)).toBe(true);
    expect('isDone' in installAgent).toBe(false);
  });
});
