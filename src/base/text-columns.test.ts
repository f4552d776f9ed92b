import stringWidth from 'string-width';
import { expect, test } from 'vitest';
import { columnsOf, refineColumns } from './text-columns.ts';

test('what is not plain to see is estimated once, and told as such; then it is exact for ever', async () => {
  expect(columnsOf('plain ─ text ●')).toBe(14);
  expect(await refineColumns()).toBe(false);

  expect(columnsOf('日本')).toBe(2);
  expect(await refineColumns()).toBe(true);
  expect(columnsOf('日本')).toBe(4);
  expect(columnsOf('e\u0301👩‍💻')).toBe(3);
  expect(await refineColumns()).toBe(false);
});

test('what is taken for one column wide without being measured is just that', () => {
  for (let code = 0x20; code < 0x3000; code += 1) {
    const character = String.fromCodePoint(code);
    expect(columnsOf(`a${character}`), code.toString(16)).toBe(stringWidth(`a${character}`));
  }
});
