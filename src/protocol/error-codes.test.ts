import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ERROR_CODES, type ErrorCode, RpcError, isErrorCode } from './error-codes.ts';

test('the codes are those of the wire contract', () => {
  expect(Object.keys(ERROR_CODES)).toEqual([
    'bad_request',
    'unknown_op',
    'not_found',
    'conflict',
    'refused',
    'busy',
    'docker',
    'internal',
  ]);
});

test('the reference page tells the same of each, and of no other', async () => {
  const page = await readFile(join(import.meta.dirname, '../../docs/reference/wire-tables.md'), 'utf8');
  const section = page.split('## Error codes\n')[1]?.split('\n## ')[0] ?? '';
  const rows = [...section.matchAll(/^\| `(\w+)` \| (.+) \| ([\w-]+) \|$/gm)].map(
    ([, code, meaning, retry]) => [code, { retry, meaning }],
  );
  expect(Object.fromEntries(rows)).toEqual(ERROR_CODES);
});

test('only what may succeed unchanged is worth sending again', () => {
  const again = (Object.keys(ERROR_CODES) as ErrorCode[]).filter(
    (code) => ERROR_CODES[code].retry === 'later',
  );
  expect(again).toEqual(['busy', 'docker']);
});

test.each(['', 'toString', 'hasOwnProperty', 'NOT_FOUND'])('%j is no code', (code) => {
  expect(isErrorCode(code)).toBe(false);
});

test('a refusal carries its code and the words for the operator', () => {
  const error = new RpcError('busy', 'another change is under way');
  expect(error).toMatchObject({ name: 'RpcError', code: 'busy', message: 'another change is under way' });
  expect(error).toBeInstanceOf(Error);
});
