const ESC = '\u001b';
const BEL = '\u0007';

/** How an answer ends: a string of OSC, DCS, APC, PM or SOS at BEL or ST, one of CSI at its final letter. */
export type AnswerKind = 'string' | 'csi';

/** None of these is sent by a key. Two letters alone are no beginning: they may be an Escape and a letter. */
const BEGINS = new RegExp(`^${ESC}(?:(\\]\\d|P[ -?]|[_^X][ -~])|\\[[<-?])`);
const INSIDE_CSI = /^[ -?]*/;
// oxlint-disable-next-line no-control-regex -- control characters are what this is about
const CONTROL = /[\u0000-\u001f]/;

/**
 * Whether `text` begins with what a terminal answers to a question about its colours, its name or its abilities, or tells of
 * its mouse. We ask none, but tmux in a session does, and over a slow line the answer comes when the list has the terminal again.
 */
export function beginsAnswer(text: string): AnswerKind | undefined {
  const [whole, string] = BEGINS.exec(text) ?? [];
  if (whole === undefined) return undefined;
  return string === undefined ? 'csi' : 'string';
}

/**
 * How much of `text`, which begins inside an answer, belongs to it, and whether the answer ends there. A control character
 * that belongs into none breaks it off: whoever sees an answer without an end still has Enter, Escape and Ctrl-C.
 */
export function answerIn(
  text: string,
  kind: AnswerKind,
): { readonly length: number; readonly ends: boolean } {
  if (kind === 'csi') {
    const length = (INSIDE_CSI.exec(text) ?? [''])[0].length;
    const final = text[length];
    if (final === undefined) return { length, ends: false };
    return { length: final >= '@' && final <= '~' ? length + 1 : length, ends: true };
  }
  const at = text.search(CONTROL);
  if (at === -1) return { length: text.length, ends: false };
  if (text[at] === BEL) return { length: at + 1, ends: true };
  if (text.startsWith(`${ESC}\\`, at)) return { length: at + 2, ends: true };
  const mayEnd = text[at] === ESC && at + 1 === text.length;
  return { length: at, ends: !mayEnd };
}
