import { expect, test } from 'vitest';
import { noticeSequence } from './screen-modes.ts';

test('a notice is a bell, and words for terminals that can show them', () => {
  expect(noticeSequence('api waits')).toBe('\u0007\u001b]9;api waits\u0007');
});
