import * as fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import type { Key } from '../events.ts';
import { KeyDecoder } from './key-decoder.ts';

const ESC = '\u001b';

/** All keys of `input`, with the end of it as a moment in which nothing more comes. */
function keysOf(...pieces: (string | Uint8Array)[]): Key[] {
  const decoder = new KeyDecoder();
  const keys = pieces.flatMap((piece) => push(decoder, Buffer.from(piece as string)));
  return [...keys, ...decoder.flush()];
}

function push(decoder: KeyDecoder, bytes: Uint8Array): Key[] {
  return [...decoder.push(bytes)];
}

const text = (value: string): Key => ({ name: 'text', text: value });
const pasted = (value: string): Key => ({ name: 'text', text: value, pasted: true });

const TABLE: readonly (readonly [what: string, input: string, keys: readonly Key[]])[] = [
  [
    'arrows',
    `${ESC}[A${ESC}[B${ESC}[C${ESC}[D`,
    [{ name: 'up' }, { name: 'down' }, { name: 'right' }, { name: 'left' }],
  ],
  ['arrows in application mode', `${ESC}OA${ESC}OB`, [{ name: 'up' }, { name: 'down' }]],
  ['arrows with modifiers', `${ESC}[1;2A${ESC}[1;5B`, [{ name: 'up', shift: true }, { name: 'down' }]],
  [
    'Home',
    `${ESC}[H${ESC}OH${ESC}[1~${ESC}[7~`,
    Array.from({ length: 4 }, () => ({ name: 'home' }) as const),
  ],
  ['End', `${ESC}[F${ESC}OF${ESC}[4~${ESC}[8~`, Array.from({ length: 4 }, () => ({ name: 'end' }) as const)],
  [
    'pages and Delete',
    `${ESC}[5~${ESC}[6~${ESC}[3~`,
    [{ name: 'pageUp' }, { name: 'pageDown' }, { name: 'delete' }],
  ],
  ['Tab and Shift-Tab', `\t${ESC}[Z`, [{ name: 'tab' }, { name: 'tab', shift: true }]],
  ['Enter in its three kinds', `\r\n${ESC}OM`, [{ name: 'enter' }, { name: 'enter' }, { name: 'enter' }]],
  ['Backspace in both kinds', '\u007f\u0008', [{ name: 'backspace' }, { name: 'backspace' }]],
  [
    'Ctrl',
    '\u0003\u001a\u0015',
    [
      { name: 'ctrl', letter: 'c' },
      { name: 'ctrl', letter: 'z' },
      { name: 'ctrl', letter: 'u' },
    ],
  ],
  ['letters that came at once are keys each', 'kk!', [text('k'), text('k'), text('!')]],
  ['a letter and its mark are one', 'e\u0301日👩‍💻', [text('e\u0301'), text('日'), text('👩‍💻')]],
  ['Escape alone', ESC, [{ name: 'escape' }]],
  ['Escape twice', `${ESC}${ESC}`, [{ name: 'escape' }, { name: 'escape' }]],
  ['Escape and a letter in one packet', `${ESC}q`, [{ name: 'escape' }, text('q')]],
  ['Escape and an arrow in one packet', `${ESC}${ESC}[A`, [{ name: 'escape' }, { name: 'up' }]],
  [
    'a paste is one text, without its lines',
    `${ESC}[200~a\nb\u0003c${ESC}[31m${ESC}[201~`,
    [pasted('a bc[31m')],
  ],
  ['a paste of one letter is a paste too', `y${ESC}[200~y${ESC}[201~y`, [text('y'), pasted('y'), text('y')]],
  ['a paste of nothing', `${ESC}[200~${ESC}[201~x`, [text('x')]],
  [
    'answers of the terminal to what tmux in a session asked',
    [
      `a${ESC}]10;rgb:d0d0/d0d0/d0d0${ESC}\\`,
      `b${ESC}]11;rgb:1e1e/1e1e/1e1e\u0007`,
      `c${ESC}P>|XTerm(388)${ESC}\\`,
      `d${ESC}P1$r0m${ESC}\\`,
      `e${ESC}_Gi=31;OK${ESC}\\`,
      `f${ESC}^private${ESC}\\`,
      `g${ESC}[?62;4cy${ESC}[>41;388;0cr${ESC}[12;40Rk${ESC}[?2026;2$yd${ESC}[?1;0u`,
    ].join(''),
    'abcdefgyrkd'.split('').map(text),
  ],
  ['Escape and the first letter of such an answer', `${ESC}]`, [{ name: 'escape' }, text(']')]],
  ['Escape and P in one packet', `${ESC}Pr`, [{ name: 'escape' }, text('P'), text('r')]],
  [
    'what breaks an answer off that has no end',
    `${ESC}]11;rgb:\r${ESC}]11;r\u0003${ESC}]11;rg${ESC}[A${ESC}[?62;\r${ESC}P>|X${ESC}q`,
    [
      { name: 'enter' },
      { name: 'ctrl', letter: 'c' },
      { name: 'up' },
      { name: 'enter' },
      { name: 'escape' },
      text('q'),
    ],
  ],
  ['what is nothing to us', `${ESC}[I${ESC}[2~${ESC}[15~${ESC}[[A${ESC}[<0;1;1Mx`, [text('x')]],
];

describe('keys', () => {
  it.each(TABLE)('%s', (_, input, keys) => {
    expect(keysOf(input)).toEqual(keys);
  });

  it.each(TABLE.filter(([what]) => !what.includes('mark')))('%s, byte by byte', (_, input, keys) => {
    expect(keysOf(...[...Buffer.from(input)].map((byte) => Uint8Array.of(byte)))).toEqual(keys);
  });
});

test('an Escape is held back until a moment has passed, and then counts', () => {
  const decoder = new KeyDecoder();
  expect(push(decoder, Buffer.from(ESC))).toEqual([]);
  expect(decoder.isWaiting).toBe(true);
  expect([...decoder.flush()]).toEqual([{ name: 'escape' }]);
  expect(decoder.isWaiting).toBe(false);
});

test('a sequence that is cut in two is one key', () => {
  const decoder = new KeyDecoder();
  expect(push(decoder, Buffer.from(`${ESC}[`))).toEqual([]);
  expect(push(decoder, Buffer.from('5~'))).toEqual([{ name: 'pageUp' }]);
});

describe('an answer whose end is long in coming', () => {
  test.each([`${ESC}]11;rgb:1e`, `${ESC}P>|XTe`, `${ESC}[?62;`, `${ESC}]11;rgb:1e1e/1e1e/1e1e${ESC}`])(
    '%j is waited for, and is no key',
    (begun) => {
      const decoder = new KeyDecoder();
      expect(push(decoder, Buffer.from(begun))).toEqual([]);
      expect([decoder.isWaiting, decoder.isInAnswer]).toEqual([true, true]);
      const end = begun.endsWith(ESC) ? '\\' : begun.includes('[?') ? '4c' : `rr\u0007`;
      expect(push(decoder, Buffer.from(`${end}k`))).toEqual([text('k')]);
      expect([decoder.isWaiting, decoder.isInAnswer]).toEqual([false, false]);
    },
  );

  test('it is given up when nothing more came, and keeps nothing of what came', () => {
    const decoder = new KeyDecoder();
    push(decoder, Buffer.from(`${ESC}]52;c;`));
    for (let count = 0; count < 100; count += 1) expect(push(decoder, Buffer.alloc(10_000, 'r'))).toEqual([]);
    expect([...decoder.flush()]).toEqual([]);
    expect(push(decoder, Buffer.from('k'))).toEqual([text('k')]);
  });

  test('an Escape behind it counts as one', () => {
    const decoder = new KeyDecoder();
    expect(push(decoder, Buffer.from(`${ESC}]11;rgb:${ESC}`))).toEqual([]);
    expect([...decoder.flush()]).toEqual([{ name: 'escape' }]);
  });
});

test('a paste that goes on for long is waited for, and is bounded', () => {
  const decoder = new KeyDecoder();
  push(decoder, Buffer.from(`${ESC}[200~`));
  for (let count = 0; count < 100; count += 1) expect(push(decoder, Buffer.alloc(10_000, 'x'))).toEqual([]);
  expect(decoder.isWaiting).toBe(false);
  const [key] = push(decoder, Buffer.from(`${ESC}[201~`));
  expect(key?.name === 'text' && key.text.length).toBe(64 * 1024);
});

test('the end of a paste whose beginning went to a session is a paste', () => {
  const rest = Buffer.from(`do\ndelete${ESC}[201~k`);
  expect(push(new KeyDecoder(), rest)).toEqual([pasted('do delete'), text('k')]);
});

/** What stands alone wherever it is cut: an Escape or the start of an accent would wait for more. */
const piece = fc.oneof(
  fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 5 }),
  fc.constantFrom('\r', '\t', '\u0003', '\u007f', `${ESC}[A`, `${ESC}[1;2B`, `${ESC}[5~`, `${ESC}OM`, '日'),
  fc.constantFrom(`${ESC}]11;rgb:1e1e/1e1e/1e1e${ESC}\\`, `${ESC}P>|XTerm(388)${ESC}\\`, `${ESC}[?62;4c`),
  fc.string({ unit: 'grapheme', maxLength: 20 }).map((text) => `${ESC}[200~${text}${ESC}[201~`),
);

test('however typed keys and pastes are cut on their way, they are the same keys', () => {
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 8 }), fc.array(fc.nat(200)), (pieces, places) => {
      const bytes = Buffer.from(pieces.join(''));
      const cuts = [0, ...places.filter((at) => at < bytes.length).sort((a, b) => a - b), bytes.length];
      const cut = cuts.slice(1).map((end, index) => bytes.subarray(cuts[index], end));
      expect(keysOf(...cut)).toEqual(keysOf(bytes));
    }),
  );
});

test('no bytes break it: no control character gets through as text, and it waits for nothing once it was flushed', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      const decoder = new KeyDecoder();
      const keys = [...decoder.push(bytes), ...decoder.flush()];
      const texts = keys.flatMap((key) => (key.name === 'text' ? [key.text] : []));
      // oxlint-disable-next-line no-control-regex -- that there is none is what is checked
      expect(texts.filter((text) => /[\u0000-\u001f\u007f]/.test(text) || text === '')).toEqual([]);
      expect(decoder.isWaiting).toBe(false);
    }),
  );
});
