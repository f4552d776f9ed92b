import { expect, test } from 'vitest';
import { OperationError } from '../../base/errors.ts';
import { operatorErrorOf } from '../../cluster/shell-answer.ts';
import { failureOf } from './dial-failure.ts';

const refusal = (code: string): unknown => operatorErrorOf({ ok: false, code, error: 'words' });

test.each(['busy', 'docker', 'internal', 'refused'])('%s: another try makes sense', (code) => {
  expect(failureOf(refusal(code))).toEqual({ failure: 'again', problem: 'words' });
});

test('a service that is not there is waited for', () => {
  expect(failureOf(new OperationError('convocate-status.service is not running on this host')).failure).toBe(
    'again',
  );
});

test('what the agent does not know, and what it will not have', () => {
  expect(failureOf(refusal('not_found')).failure).toBe('unknown');
  for (const code of ['conflict', 'bad_request', 'unknown_op'])
    expect(failureOf(refusal(code)).failure).toBe('refused');
});

test('a bug of ours is not repeated for 90 s', () => {
  expect(failureOf(new TypeError('x is undefined'))).toEqual({
    failure: 'refused',
    problem: 'x is undefined',
  });
});
