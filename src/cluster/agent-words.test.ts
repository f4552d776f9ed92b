import { expect, test } from 'vitest';
import { clipAllWords } from './agent-words.ts';

test('what is drawn in rows is cut to a row’s worth, other words to a page’s, and the rest is as it was', () => {
  const long = 'x'.repeat(1_000_000);
  const told = { sessions: [{ name: long, port: 80, activity: { detail: long } }], problem: long, up: true };
  const clipped = clipAllWords(told);
  const [session] = clipped.sessions;
  expect([session?.name.length, session?.activity.detail.length]).toEqual([256, 256]);
  expect(session?.name.endsWith('…')).toBe(true);
  expect(clipped.problem).toHaveLength(4_096);
  expect([session?.port, clipped.up]).toEqual([80, true]);
});
