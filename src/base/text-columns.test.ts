import stringWidth from 'string-width';
import { expect, test, vi } from 'vitest';

test('what is not plain to see is estimated once, and told as such; then it is exact for ever', async () => {
  const { columnsOf, refineColumns } = await fresh();
  expect(columnsOf('plain ─ text ●')).toBe(14);
  expect(await refineColumns()).toBe(false);

  expect(columnsOf('日本')).toBe(2);
  expect(await refineColumns()).toBe(true);
  expect(columnsOf('日本')).toBe(4);
  expect(columnsOf('e\u0301👩‍💻')).toBe(3);
  expect(await refineColumns()).toBe(false);
});

test('what is taken for one column wide without being measured is just that', async () => {
  const { columnsOf, refineColumns } = await fresh();
  columnsOf('日本');
  await refineColumns();
  for (let code = 0x20; code < 0x3000; code += 1) {
    const character = String.fromCodePoint(code);
    expect(columnsOf(`a${character}`), code.toString(16)).toBe(stringWidth(`a${character}`));
  }
});

/** As in a program that has just begun. */
async function fresh(): Promise<typeof import('./text-columns.ts')> {
  vi.resetModules();
  return await import('./text-columns.ts');
}
