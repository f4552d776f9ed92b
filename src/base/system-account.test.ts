import { expect, test } from 'vitest';
import { lookAtAccount } from './system-account.ts';

test.each([
  [{ name: 'root', uid: 0, gid: 0 }, 'right'],
  [{ name: 'root', uid: 0, gid: 1337 }, '0:0'],
  [{ name: 'nobody-of-that-name', uid: 0, gid: 0 }, 'missing'],
])('the account %j is %s', async (account, found) => {
  expect(await lookAtAccount({ ...account, home: '/nowhere' })).toBe(found);
});
