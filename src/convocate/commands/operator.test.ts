import { userInfo } from 'node:os';
import { expect, test } from 'vitest';
import { currentOperator } from './operator.ts';

test('who, and from where', () => {
  expect(currentOperator({}).user).toBe(userInfo().username);
  expect(currentOperator({ SUDO_USER: 'ann', SSH_CONNECTION: '192.0.2.7 50000 192.0.2.1 22' })).toEqual({
    user: 'ann',
    from: '192.0.2.7',
  });
});

test('never longer than the wire takes', () => {
  expect(currentOperator({ SUDO_USER: 'x'.repeat(99) }).user).toHaveLength(64);
});
