import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { runChecked } from '../../base/run-command.ts';
import { NotPlainWordsError, splitWords } from './split-words.ts';

test.each<[string, string[]]>([
  ['', []],
  ['  \n', []],
  ['convocate ls --json', ['convocate', 'ls', '--json']],
  [' a\t b\n', ['a', 'b']],
  [`send x 'two words' "and \\"more\\""`, ['send', 'x', 'two words', 'and "more"']],
  [`'it'\\''s' ""`, ["it's", '']],
  [`"\\a \\$ \\\\" 'a"\\b'`, ['\\a $ \\', 'a"\\b']],
  ['a\\ b c#d e~', ['a b', 'c#d', 'e~']],
  [`'a\nb' ";|&"`, ['a\nb', ';|&']],
])('%j', (line, words) => {
  expect(splitWords(line)).toEqual(words);
});

test.each<[string, string]>([
  ['a; b', 'it holds ;'],
  ['a | b', 'it holds |'],
  ['a && b', 'it holds &'],
  ['a > b', 'it holds >'],
  ['echo $HOME', 'it holds $'],
  ['echo "$HOME"', 'it holds $'],
  ['echo `id`', 'it holds `'],
  ['echo "`id`"', 'it holds `'],
  ['ls *', 'it holds *'],
  ['a\nb', 'it holds more than one line'],
  ['a #b', 'a word begins with #'],
  ['ls ~claude', 'a word begins with ~'],
  ["a 'b", "a quote (') is not closed"],
  ['a "b\\"', 'a quote (") is not closed'],
  ['a\\', 'a backslash ends a line'],
  ['a\\\nb', 'a backslash ends a line'],
])('%j is refused', (line, why) => {
  expect(() => splitWords(line)).toThrow(new NotPlainWordsError(why));
});

test('what is taken, sh takes for the same words', async () => {
  const lines = fc
    .array(fc.constantFrom(...' \t\'"\\\n$`;&|<>()*?[]#~={}!^%ab/-é'.split('')), {
      maxLength: 14,
    })
    .map((characters) => characters.join(''));
  const accepted = (line: string): string[] | undefined => {
    try {
      return splitWords(line);
    } catch {
      return undefined;
    }
  };
  const samples = fc.sample(lines, 4000).flatMap((line) => {
    const words = accepted(line);
    return words ? [{ line: line.trim(), words }] : [];
  });
  expect(samples.length).toBeGreaterThan(300);
  // One sh for all: each line is the arguments of one call.
  const script = samples.map(({ line }) => `show ${line}`).join('\n');
  const show = `show() { printf '%s\\0' "$#" "$@"; }\n`;
  const told = (await runChecked(['sh', '-c', `${show}${script}`])).split('\0');
  const expected = samples.flatMap(({ words }) => [String(words.length), ...words]);
  expect(told).toEqual([...expected, '']);
});
