import { describe, expect, test } from 'vitest';
import { ERROR_CODES, type ErrorCode, RpcError } from '../protocol/error-codes.ts';
import { AgentUnreachableError } from './agent-errors.ts';
import { ShellAnswer, operatorErrorOf, refusalOf } from './shell-answer.ts';

test.each(Object.keys(ERROR_CODES) as ErrorCode[])('%s becomes an exit code and says what to do', (code) => {
  const refusal = refusalOf(new RpcError(code, 'words of the agent'), 'one');
  expect(ShellAnswer.parse(refusal)).toEqual({ ok: false, error: 'words of the agent', code, host: 'one' });
  if (!refusal) throw new Error('unreachable');
  const error = operatorErrorOf(refusal);
  expect(error.message).toBe('words of the agent');
  expect(error.details.host).toBe('one');
  expect(error.details.hint).toBeTruthy();
  expect(error.exit).toBe(code === 'docker' || code === 'internal' ? 1 : 3);
});

describe('an agent that gave no answer', () => {
  test('and was not asked: nothing was changed', () => {
    const refusal = refusalOf(new AgentUnreachableError('one', 'not connected', { sent: false }));
    expect(refusal).toMatchObject({ code: 'refused', host: 'one', uncertain: false });
    expect(refusal && operatorErrorOf(refusal).exit).toBe(3);
  });

  test('and was asked: nobody knows', () => {
    const refusal = refusalOf(new AgentUnreachableError('one', 'no answer', { sent: true }));
    expect(refusal).toMatchObject({ uncertain: true });
    const error = refusal && operatorErrorOf(refusal);
    expect(error?.exit).toBe(1);
    expect(error?.details.hint).toContain('nobody knows whether it was done');
  });
});

test('a bug of ours is no refusal', () => {
  expect(refusalOf(new TypeError('x'))).toBeUndefined();
});
