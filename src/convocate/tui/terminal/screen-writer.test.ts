import { expect, test } from 'vitest';
import { span } from '../view/line.ts';
import { encodeLine } from './encode-line.ts';
import { ScreenWriter } from './screen-writer.ts';

const ESC = '\u001b';

test('a style is said once, from the plain one on, and does not leak out of its line', () => {
  expect(encodeLine([span('a'), span('b')])).toBe('ab');
  expect(encodeLine([span('a', { color: 1, bold: true }), span('b', { color: 1, bold: true })])).toBe(
    `${ESC}[0;1;31mab${ESC}[0m`,
  );
  expect(encodeLine([span('a', { bold: true }), span('b')])).toBe(`${ESC}[0;1ma${ESC}[0mb`);
  expect(encodeLine([span('', { bold: true })])).toBe('');
});

test.each([
  [{ color: 6 }, '36'],
  [{ color: 14 }, '96'],
  [{ background: 9 }, '101'],
  [{ color: 208 }, '38;5;208'],
  [{ background: '#0102ff' }, '48;2;1;2;255'],
  [{ color: 6, inverse: true }, '7;36'],
  [{ bold: false }, ''],
])('%j is %j', (style, codes) => {
  expect(encodeLine([span('x', style)])).toBe(codes === '' ? 'x' : `${ESC}[0;${codes}mx${ESC}[0m`);
});

test('only lines that changed are written, each at its place', () => {
  const writer = new ScreenWriter();
  const first = writer.frame([[span('one')], [span('two')]]);
  expect(first).toContain(`${ESC}[2J`);
  expect(first).toContain(`${ESC}[2;1H${ESC}[2Ktwo`);
  expect(writer.frame([[span('one')], [span('three')]])).toBe(
    `${ESC}[?2026h${ESC}[2;1H${ESC}[2Kthree${ESC}[?2026l`,
  );
  expect(writer.frame([[span('one')], [span('three')]])).toBe('');
});

test('a window of another height, and one that someone else used, are drawn whole', () => {
  const writer = new ScreenWriter();
  writer.frame([[span('one')], [span('two')]]);
  expect(writer.frame([[span('one')]])).toContain(`${ESC}[2J`);
  writer.forget();
  expect(writer.frame([[span('one')]])).toContain(`${ESC}[2J${ESC}[1;1H${ESC}[2Kone`);
});
