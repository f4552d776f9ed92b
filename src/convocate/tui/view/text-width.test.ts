import { beforeAll, expect, test } from 'vitest';
import { columnsOf } from '../../../base/text-columns.ts';
import { exactColumns } from './exact-columns-fixture.ts';
import { span } from './line.ts';
import { fitLine, headOfLine, tailOfLine, widthOfLine } from './line-width.ts';
import { cutTo, fitTo, headOf, safe, wrapTo } from './text-width.ts';

beforeAll(exactColumns);

test('a text is cut between characters as people see them, and never made wider', () => {
  expect(cutTo('hello', 5)).toBe('hello');
  expect(cutTo('hello', 4)).toBe('hel…');
  expect(cutTo('日本語', 4)).toBe('日…');
  expect(headOf('e\u0301e\u0301', 1)).toBe('e\u0301');
  expect(headOf('👩‍💻x', 1)).toBe('');
  expect(cutTo('hello', 0)).toBe('');
});

test('a cell is filled up where half of a wide character would not fit', () => {
  expect(fitTo('日本語', 4)).toBe('日… ');
  expect(fitTo('7', 3, 'right')).toBe('  7');
  for (let cols = 0; cols < 12; cols += 1) expect(columnsOf(fitTo('a日e\u0301👩‍💻z', cols))).toBe(cols);
});

test('a line cut through a wide character keeps its columns', () => {
  const line = [span('a日'), span('本b')];
  for (let at = 0; at <= 6; at += 1) {
    expect(widthOfLine(fitLine(line, at))).toBe(at);
    expect(widthOfLine(tailOfLine(line, at))).toBe(6 - at);
  }
  expect(headOfLine(line, 2)).toEqual([span('a')]);
});

test('words stay whole where they can', () => {
  expect(wrapTo('one two three', 8)).toEqual(['one two', 'three']);
  expect(wrapTo('abcdefghij', 4)).toEqual(['abcd', 'efgh', 'ij']);
  expect(wrapTo('', 4)).toEqual(['']);
});

test('a text is wrapped into no more lines than are wanted, however long it is', () => {
  expect(wrapTo('one two three', 5, 2)).toEqual(['one', 'two']);
  expect(wrapTo('one', 5, 0)).toEqual([]);
  expect(wrapTo('one ', 3)).toEqual(['one']);
  expect(wrapTo('a 日本語', 4)).toEqual(['a', '日本', '語']);
  const long = 'x'.repeat(1_000_000);
  expect(wrapTo(long, 10, 2)).toEqual(['x'.repeat(10), 'x'.repeat(10)]);
  expect(wrapTo(long, 10)).toHaveLength(100_000);
});

test('control characters become visible, line ends become spaces', () => {
  expect(safe('a\u001b[31m\nb\u202e')).toBe('a\u{fffd}[31m b\u{fffd}');
});
