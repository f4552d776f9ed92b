import { expect, test } from 'vitest';
import { needsAttention } from '../../needs-attention.ts';
import { activityWords } from './activity-words.ts';
import { NOW_MS, sessionAt } from './cluster-fixture.ts';
import { STYLE } from './styles.ts';

test.each([
  [{ exit_code: 1 }, 'exit 1', true],
  [{ exit_code: 137 }, 'exit 137', true],
  [{ exit_code: 143 }, 'exit 143', false],
  [{ exit_code: 137, oom_killed: true }, 'oom 137', true],
  [{ exit_code: 137, asked_to_stop: true }, 'stopped', false],
  [{ exit_code: 0 }, 'exit 0', false],
  [{ exit_code: 0, asked_to_stop: true }, 'stopped', false],
  [{}, 'stopped', false],
  [{ started_at: '' }, 'new', false],
])('what ended with %j says so, and is red where ! shows it', (how, text, bad) => {
  const session = sessionAt(1, { running: false, ...how });
  const words = activityWords(session, NOW_MS);
  expect(words.text).toBe(text);
  expect([needsAttention(session), words.style === STYLE.failed]).toEqual([bad, bad]);
});
