import stringWidth from 'string-width';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
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

test('what was measured is kept without the text that it was a part of', async () => {
  const { columnsOf, refineColumns } = await fresh();
  columnsOf('日');
  await refineColumns();
  const heapBytes = (): number => {
    setFlagsFromString('--expose-gc');
    (runInNewContext('gc') as () => void)();
    return process.memoryUsage().heapUsed;
  };
  const before = heapBytes();
  for (let screen = 0; screen < 200; screen += 1) {
    const text = `${String(screen)}日本日本日本日本日本日本 ${'x'.repeat(1_000_000)}`;
    columnsOf(text.slice(0, 15));
  }
  expect(heapBytes() - before).toBeLessThan(20_000_000);
});

/** As in a program that has just begun. */
async function fresh(): Promise<typeof import('./text-columns.ts')> {
  vi.resetModules();
  return await import('./text-columns.ts');
}
