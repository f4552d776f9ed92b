import { expect, test } from 'vitest';
import { bytesText } from './bytes-text.ts';

test.each([
  [0, '0 B'],
  [999, '999 B'],
  [999_600, '1 MB'],
  [512e6, '512 MB'],
  [999.6e6, '1.0 GB'],
  [1.5e9, '1.5 GB'],
  [42e9, '42 GB'],
  [3e18, '3000 PB'],
])('%d bytes are %s', (bytes, text) => {
  expect(bytesText(bytes)).toBe(text);
});
