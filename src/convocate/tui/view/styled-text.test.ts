import { expect, test } from 'vitest';
import { textOf } from './line.ts';
import { styledLines } from './styled-text.ts';

const ESC = '\u001b';

const only = (text: string): unknown => styledLines(text).flat();

test.each([
  ['plain', 'hello', [{ text: 'hello', style: {} }]],
  ['basic', `${ESC}[31;1mx`, [{ text: 'x', style: { color: 1, bold: true } }]],
  ['bright and background', `${ESC}[92;104mx`, [{ text: 'x', style: { color: 10, background: 12 } }]],
  ['palette', `${ESC}[38;5;208mx`, [{ text: 'x', style: { color: 208 } }]],
  ['true colour', `${ESC}[48;2;1;2;255mx`, [{ text: 'x', style: { background: '#0102ff' } }]],
  ['colons', `${ESC}[38:2::1:2:3mx`, [{ text: 'x', style: { color: '#010203' } }]],
  [
    'reset',
    `${ESC}[1ma${ESC}[mb`,
    [
      { text: 'a', style: { bold: true } },
      { text: 'b', style: {} },
    ],
  ],
  [
    'a colour of underlines takes its arguments with it',
    `${ESC}[58;5;1;7mx`,
    [{ text: 'x', style: { inverse: true } }],
  ],
  ['a palette index that is none', `${ESC}[38;5;999mx`, [{ text: 'x', style: { color: undefined } }]],
] as const)('%s', (_, text, spans) => {
  expect(only(text)).toEqual(spans);
});

test('a style goes on into the next line, as tmux writes it', () => {
  expect(styledLines(`${ESC}[32ma\nb`)[1]).toEqual([{ text: 'b', style: { color: 2 } }]);
});

test.each([
  `a${ESC}[2Jb`,
  `a${ESC}[10;10Hb`,
  `a${ESC}[?1049lb`,
  `a${ESC}]0;title\u0007b`,
  `a${ESC}]8;;http://x${ESC}\\b`,
  `a${ESC}P1$r${ESC}\\b`,
  `a${ESC}(0b`,
  `a${ESC}cb`,
  `a${ESC}=b`,
])('nothing but colours and styles gets through: %j', (text) => {
  expect(styledLines(text).map(textOf)).toEqual(['ab']);
});

test('sequences that are cut off, and lone control characters, do no harm', () => {
  for (const text of [`a${ESC}`, `a${ESC}[`, `a${ESC}[3`, `a${ESC}]0;t`, 'a\u0007', 'a\u009b2J']) {
    // oxlint-disable-next-line no-control-regex -- that there is none is what is checked
    expect(styledLines(text).map(textOf).join(), text).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/);
  }
});
