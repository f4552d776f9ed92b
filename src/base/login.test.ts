import { expect, test } from 'vitest';
import { currentLogin } from './login.ts';

const none = (): string[] => [];

test('the address is the first word of SSH_CONNECTION', () => {
  const env = { SUDO_USER: 'alice', SSH_CONNECTION: '10.1.2.3 5022 10.1.2.9 22' };
  expect(currentLogin(env, none)).toEqual({ user: 'alice', from: '10.1.2.3' });
});

test('below sudo an ancestor knows it', () => {
  const ancestors = ['PATH=/bin\0HOME=/root', 'USER=alice\0SSH_CONNECTION=fd00::7 1 fd00::1 22\0'];
  expect(currentLogin({ SUDO_USER: 'alice' }, () => ancestors)).toEqual({ user: 'alice', from: 'fd00::7' });
});

test('a variable that only ends alike is another one', () => {
  expect(currentLogin({ SUDO_USER: 'alice' }, () => ['MY_SSH_CONNECTION=1.2.3.4']).from).toBe('local');
});

test('without a login over SSH it is local', () => {
  expect(currentLogin({ SUDO_USER: 'alice' }, none)).toEqual({ user: 'alice', from: 'local' });
});
