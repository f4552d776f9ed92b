import { columnsOf } from '../../../base/text-columns.ts';
import type { Field, FormDialog, FormPurpose } from '../state.ts';
import type { DialogBox } from './box.ts';
import { editedText } from './edited-text.ts';
import { type Line, span } from './line.ts';
import { nameText } from './session-texts.ts';
import { STYLE } from './styles.ts';
import { cutTo, fitTo, safe, wrapTo } from './text-width.ts';

const MOST_LABEL_COLS = 16;
const MOST_REFUSAL_LINES = 4;

/** Fields one below the other, what is to be said about the one with the focus, and the agent's refusal where there is one. */
export function formDialog(form: FormDialog, cols: number, mostRows: number): DialogBox {
  const { fields, focus, refusal, sending } = form;
  const labelCols = Math.min(MOST_LABEL_COLS, Math.max(...fields.map(({ label }) => columnsOf(label))));
  const words: Line[] = [
    ...focusWords(fields[focus], cols),
    ...(refusal === undefined ? [] : refusalLines(refusal, cols)),
    ...(sending ? [[span('sending …', STYLE.accent)]] : []),
  ];
  const room = Math.max(1, mostRows - words.length - 1);
  const from = Math.max(0, Math.min(focus - Math.floor(room / 2), fields.length - room));
  const seen = fields.slice(from, from + room);
  const lines = seen.map((field, index) => fieldLine(field, from + index === focus, labelCols, cols));
  return { title: titleOf(form.purpose), lines: [...lines, [], ...words], cols };
}

function titleOf(purpose: FormPurpose): string {
  switch (purpose.action) {
    case 'new':
      return `New session on ${safe(purpose.host)}`;
    case 'clone':
      return `Clone ${nameText(purpose.target)} on ${safe(purpose.target.host)}`;
    case 'edit':
      return `Edit ${nameText(purpose.target)} on ${safe(purpose.target.host)}`;
    case 'settings':
      return `Settings of ${safe(purpose.host)}`;
  }
}

function fieldLine(field: Field, focused: boolean, labelCols: number, cols: number): Line {
  const { label, value, cursor, options, problem } = field;
  const mark = focused ? span('› ', STYLE.key) : span('  ');
  const text = `${fitTo(label, labelCols)} `;
  const left: Line = [mark, span(text, focused ? STYLE.strong : STYLE.quiet)];
  const bad = problem === undefined ? [] : [span(' ✖', STYLE.failed)];
  const room = cols - columnsOf(text) - 2 - (bad.length > 0 ? 2 : 0);
  if (options) return [...left, ...choiceSpans(options, value, focused), ...bad];
  const style = problem === undefined ? STYLE.plain : STYLE.failed;
  const shown = focused ? editedText(value, cursor, room, style) : [span(cutTo(safe(value), room), style)];
  return [...left, ...shown, ...bad];
}

/** All that can be chosen; the brackets tell which one is. */
function choiceSpans(options: readonly string[], value: string, focused: boolean): Line {
  return options.map((option) => {
    if (option !== value) return span(` ${safe(option)} `, STYLE.quiet);
    return span(`[${safe(option)}]`, focused ? STYLE.cursor : STYLE.strong);
  });
}

function focusWords(field: Field | undefined, cols: number): Line[] {
  if (!field) return [];
  const wrong = field.problem !== undefined;
  const text = safe(field.problem ?? field.hint);
  return wrapTo(text, cols).map((part) => [span(part, wrong ? STYLE.failed : STYLE.quiet)]);
}

function refusalLines(refusal: string, cols: number): Line[] {
  const parts = wrapTo(safe(refusal), cols - 2, MOST_REFUSAL_LINES);
  return parts.map((part, index) => [span(index === 0 ? '✖ ' : '  ', STYLE.alarm), span(part, STYLE.failed)]);
}
