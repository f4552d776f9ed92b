import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { refineColumns } from '../../../base/text-columns.ts';
import { type Line, span, textOf } from './line.ts';
import { widthOfLine } from './line-width.ts';
import { wrapLine } from './wrap-line.ts';

const wrapped = (text: string, cols: number) => wrapLine([span(text)], cols).map(textOf);

test.each<[string, number, string[]]>([
  ['', 10, ['']],
  ['it fits', 7, ['it fits']],
  ['between words', 10, ['between ', 'words']],
  ['ends exactly here', 12, ['ends exactly', 'here']],
  ['  indented text', 10, ['  indented', 'text']],
  ['a/path/without/spaces', 8, ['a/path/w', 'ithout/s', 'paces']],
  ['see a/path/without/spaces then', 8, ['see ', 'a/path/w', 'ithout/s', 'paces ', 'then']],
  ['a      b', 4, ['a   ', 'b']],
])('%j in %i columns is %j', (text, cols, lines) => {
  expect(wrapped(text, cols)).toEqual(lines);
});

test('styles go on in the next line', () => {
  const line: Line = [span('one '), span('red text', { color: 1 }), span(' end')];
  expect(wrapLine(line, 8)).toEqual([
    [span('one '), span('red ', { color: 1 })],
    [span('text', { color: 1 }), span(' end')],
  ]);
});

test('whatever it is, no line is too wide and nothing but spaces is lost', async () => {
  wrapped('日', 1);
  await refineColumns();
  fc.assert(
    fc.property(
      fc.array(fc.string({ unit: fc.constantFrom('a', ' ', '日', 'e\u0301', '👩‍💻'), maxLength: 30 })),
      fc.integer({ min: 2, max: 20 }),
      (texts, cols) => {
        const lines = wrapLine(
          texts.map((text, index) => span(text, { color: index })),
          cols,
        );
        expect(lines.filter((line) => widthOfLine(line) > cols)).toEqual([]);
        const kept = lines.map(textOf).join('').replaceAll(' ', '');
        expect(kept).toBe(texts.join('').replaceAll(' ', ''));
      },
    ),
  );
});
