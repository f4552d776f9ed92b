import { expect, test } from 'vitest';
import { keyOf } from './state.ts';
import { targetOf } from './target.ts';
import { sessionOf } from './tui-fixture.ts';
import { WhileAttached } from './while-attached.ts';

test('others that start to wait ring and are kept, each once; the session that is shown does neither', () => {
  let rings = 0;
  const [shown, other, third] = [sessionOf(1), sessionOf(2), sessionOf(3)].map(keyOf) as [
    string,
    string,
    string,
  ];
  const away = new WhileAttached(targetOf(sessionOf(1)), { ring: () => void (rings += 1) });
  away.startedToWait([shown]);
  expect([rings, away.missed]).toEqual([0, []]);
  away.startedToWait([shown, other]);
  away.startedToWait([other, third]);
  expect([rings, away.missed]).toEqual([2, [other, third]]);
});
