import type { Key } from '../events.ts';
import { charactersOf } from '../view/text-width.ts';
import { keyOfCharacter, keyOfSequence } from './key-sequences.ts';
import { type AnswerKind, answerIn, beginsAnswer } from './terminal-answer.ts';
import { unfinishedBytes } from './unfinished-character.ts';

const ESC = '\u001b';
const PASTE_START = `${ESC}[200~`;
const PASTE_END = `${ESC}[201~`;
/** Far more than any field takes; what is pasted beyond it is dropped. */
const MOST_PASTED = 64 * 1024;

/** A whole sequence at the start; what may still become one; and a paste that begins. */
const WHOLE = new RegExp(`^${ESC}(?:\\[\\[[A-E]|\\[[0-?]*[ -/]*(?!\\[)[@-~$]|O[\\d;]*[A-Za-z])`);
const PART = new RegExp(`^${ESC}(?:\\[\\[?[0-?]*[ -/]*|O[\\d;]*|[\\]P_^X])?$`);

/**
 * Makes keys of a terminal's bytes, however they were cut into pieces on their way. An Escape that nothing follows may be
 * the start of a sequence: whoever reads asks for it with {@link flush} when a moment has passed. Each key is made only when
 * it is asked for, so that what was typed behind it can be had as it came: see {@link rest}.
 */
export class KeyDecoder {
  /** First bytes of a character whose others have not come. */
  #part: Uint8Array = Buffer.alloc(0);
  #rest = '';
  /** Text of a paste whose end has not come. */
  #pasted: string | undefined;
  /** An answer of the terminal whose end has not come; what came of it is dropped already. */
  #answer: AnswerKind | undefined;

  /** The keys that `bytes` completes; to be gone through before the next call. */
  push(bytes: Uint8Array): Iterable<Key> {
    const all = Buffer.concat([this.#part, bytes]);
    const whole = all.length - unfinishedBytes(all);
    this.#rest += all.toString('utf8', 0, whole);
    this.#part = all.subarray(whole);
    return this.#take(false);
  }

  /** What came behind the key that was made last, and has not become one. */
  get rest(): Uint8Array {
    return Buffer.concat([Buffer.from(this.#rest), this.#part]);
  }

  /** Something was begun that more bytes may complete. A paste is none of it: it lasts as long as it lasts. */
  get isWaiting(): boolean {
    return (this.#rest !== '' || this.isInAnswer) && !this.isInPaste;
  }

  get isInPaste(): boolean {
    return this.#pasted !== undefined;
  }

  /** It is an answer of the terminal that was begun: its pieces may be further apart, for no key waits behind it. */
  get isInAnswer(): boolean {
    return this.#answer !== undefined;
  }

  /** Nothing more came: what was begun counts as it is, an Escape as an Escape, and an answer as none. */
  flush(): Iterable<Key> {
    this.#answer = undefined;
    return this.isInPaste ? [] : this.#take(true);
  }

  *#take(final: boolean): Generator<Key> {
    while (this.#rest !== '') {
      if (this.#pasted !== undefined) {
        if (!(yield* this.#takePaste())) return;
      } else if (this.#answer !== undefined) {
        if (!this.#takeAnswer(this.#answer)) return;
      } else if (!(yield* this.#takeKey(final))) return;
    }
  }

  /** One key, or plain text up to the next Escape; false where more is needed. */
  *#takeKey(final: boolean): Generator<Key, boolean> {
    if (!this.#rest.startsWith(ESC)) {
      const end = this.#rest.indexOf(ESC);
      if (end !== -1 && this.#rest.startsWith(PASTE_END, end)) {
        this.#pasted = ''; // whoever had the terminal before was sent its beginning
        return true;
      }
      for (const character of typed(this.#rest.slice(0, end === -1 ? undefined : end))) {
        this.#drop(character.length);
        yield* compact(keyOfCharacter(character));
      }
      return true;
    }
    this.#answer = beginsAnswer(this.#rest);
    if (this.#answer !== undefined) {
      this.#drop(2);
      return true;
    }
    const [sequence] = WHOLE.exec(this.#rest) ?? [];
    if (sequence === PASTE_START) {
      this.#drop(sequence.length);
      this.#pasted = '';
    } else if (sequence !== undefined) {
      this.#drop(sequence.length);
      yield* compact(keyOfSequence(sequence));
    } else if (!final && PART.test(this.#rest)) {
      return false;
    } else {
      // An Escape, and then whatever comes: over a slow line both are in one packet, and both were meant.
      this.#drop(1);
      yield { name: 'escape' };
    }
    return true;
  }

  /** False where the end of the answer has not come. */
  #takeAnswer(kind: AnswerKind): boolean {
    const { length, ends } = answerIn(this.#rest, kind);
    this.#drop(length);
    if (ends) this.#answer = undefined;
    return ends;
  }

  /** False where the end of the paste has not come. */
  *#takePaste(): Generator<Key, boolean> {
    const end = this.#rest.indexOf(PASTE_END);
    // The end itself may come in two pieces.
    const text = this.#drop(end === -1 ? Math.max(0, this.#rest.length - PASTE_END.length + 1) : end);
    this.#pasted = `${this.#pasted ?? ''}${text}`.slice(0, MOST_PASTED);
    if (end === -1) return false;
    this.#drop(PASTE_END.length);
    const pasted = oneLine(this.#pasted);
    this.#pasted = undefined;
    if (pasted !== '') yield { name: 'text', text: pasted, pasted: true };
    return true;
  }

  #drop(length: number): string {
    const dropped = this.#rest.slice(0, length);
    this.#rest = this.#rest.slice(length);
    return dropped;
  }
}

/** A control character is a key of its own, even the two of a line end. */
function typed(text: string): string[] {
  // oxlint-disable-next-line no-control-regex -- control characters are what this is about
  const parts = text.match(/[\u0000-\u001f\u007f]|[^\u0000-\u001f\u007f]+/g) ?? [];
  return parts.flatMap(charactersOf);
}

/** Pasted text goes into fields of one line, and never counts as keys. */
function oneLine(text: string): string {
  // oxlint-disable-next-line no-control-regex -- control characters are what this is about
  return text.replaceAll(/[\t\r\n]+/g, ' ').replaceAll(/[\u0000-\u001f\u007f-\u009f]/g, '');
}

function compact<T>(value: T | undefined): T[] {
  return value === undefined ? [] : [value];
}
