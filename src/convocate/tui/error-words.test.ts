import { expect, test } from 'vitest';
import { OperationError } from '../../base/errors.ts';
import { errorWords } from './error-words.ts';

test.each([
  [new Error('plain'), 'plain'],
  [new OperationError('it failed', {}), 'it failed'],
  [new OperationError('it failed', { host: 'agent-a', hint: 'try again' }), 'it failed (agent-a): try again'],
  [new OperationError('agent-a is down', { host: 'agent-a' }), 'agent-a is down'],
])('%s', (error, words) => {
  expect(errorWords(error)).toBe(words);
});
