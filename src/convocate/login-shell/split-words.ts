/** Outside quotes these mean something to a shell; no shell is run here, so they are refused instead of misread. */
const OPERATORS = ';&|<>()$`*?[\n';

/** What a line holds beyond plain words, as the operator is told of it. */
export class NotPlainWordsError extends Error {
  override readonly name = 'NotPlainWordsError';
}

/**
 * Splits a line into words as a POSIX shell would, where the line is nothing but words, quotes and backslashes. Throws
 * {@link NotPlainWordsError} for all else: variables, pipes, patterns, comments, several commands.
 */
export function splitWords(line: string): string[] {
  const words: string[] = [];
  const text = line.replace(/^[ \t\n]+|[ \t\n]+$/g, '');
  let word: string | undefined;
  let at = 0;

  /** The character at `at`, which is passed over. */
  const next = (inside: string): string => {
    const character = text[at];
    if (character === undefined) throw new NotPlainWordsError(`${inside} is not closed`);
    at += 1;
    return character;
  };
  const singleQuoted = (): string => {
    let quoted = '';
    for (;;) {
      const character = next("a quote (')");
      if (character === "'") return quoted;
      quoted += character;
    }
  };
  const doubleQuoted = (): string => {
    let quoted = '';
    for (;;) {
      const character = next('a quote (")');
      if (character === '"') return quoted;
      if (character === '$' || character === '`') throw new NotPlainWordsError(`it holds ${character}`);
      if (character !== '\\') quoted += character;
      else quoted += escapedInQuotes(next('a quote (")'));
    }
  };

  while (at < text.length) {
    const character = next('the line');
    if (character === ' ' || character === '\t') {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else if (character === "'") word = (word ?? '') + singleQuoted();
    else if (character === '"') word = (word ?? '') + doubleQuoted();
    else if (character === '\\') word = (word ?? '') + escaped(text[at++]);
    else if (OPERATORS.includes(character)) throw new NotPlainWordsError(`it holds ${nameOf(character)}`);
    else if (word === undefined && (character === '#' || character === '~'))
      throw new NotPlainWordsError(`a word begins with ${character}`);
    else word = (word ?? '') + character;
  }
  if (word !== undefined) words.push(word);
  return words;
}

/** A backslash at the end of a line would join it to the next. */
function escaped(character: string | undefined): string {
  if (character === undefined || character === '\n') throw new NotPlainWordsError('a backslash ends a line');
  return character;
}

/** Between double quotes a backslash takes the meaning only from what has one there. */
function escapedInQuotes(character: string): string {
  if (character === '\n') throw new NotPlainWordsError('a backslash ends a line');
  return '$`"\\'.includes(character) ? character : `\\${character}`;
}

function nameOf(character: string): string {
  return character === '\n' ? 'more than one line' : character;
}
