import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { runCommand } from './run-command.ts';
import { formatArgv, quoteArgument, quoteArgv } from './shell-quote.ts';

/** Text as hostile as an argument may be: anything but NUL, with what a shell gives meaning to over-represented. */
const argument = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        "'",
        '"',
        '\\',
        '$',
        '`',
        '\n',
        ' ',
        '*',
        '~',
        '!',
        '#',
        '-',
        '$(id)',
        "'\\''",
        '\r',
        'ü',
        '漢',
      ),
      fc.string({ unit: 'binary' }).map((text) => text.replaceAll('\0', '')),
    ),
    { maxLength: 6 },
  )
  .map((parts) => parts.join('').toWellFormed());

test('a real shell gives back exactly the arguments that were quoted', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(argument, { maxLength: 8 }), async (argv) => {
      const line = `for argument in ${quoteArgv(argv)}; do printf '%s\\0' "$argument"; done`;
      const { stdout, exitCode } = await runCommand(['sh', '-c', line]);
      expect(exitCode).toBe(0);
      expect(stdout.split('\0').slice(0, -1)).toEqual(argv);
    }),
    { numRuns: 60 },
  );
});

test.each([
  ['', "''"],
  ['plain', 'plain'],
  ['/a/b-c_d.e:f,g@h%i+j=k', '/a/b-c_d.e:f,g@h%i+j=k'],
  ['two words', "'two words'"],
  ["it's", `'it'\\''s'`],
  ['~', "'~'"],
  ['a\nb', "'a\nb'"],
])('%j is written as %s', (given, expected) => {
  expect(quoteArgument(given)).toBe(expected);
});

test('an argument with a NUL byte is refused: no process could be given it', () => {
  expect(() => quoteArgv(['true', 'a\0b'])).toThrow(new TypeError('an argument cannot hold a NUL byte'));
});

test('for people, a long script body is cut and all else can be copied', () => {
  expect(formatArgv(['sh', '-c', 'x'.repeat(121), 'read-facts', "it's"])).toBe(
    `sh -c '…' read-facts 'it'\\''s'`,
  );
  expect(formatArgv(['x'.repeat(120)])).toBe('x'.repeat(120));
});
