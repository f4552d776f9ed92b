import type { Confirmation, ConfirmedOp } from '../state.ts';
import type { DialogBox } from './box.ts';
import { type Line, span } from './line.ts';
import { nameText } from './session-texts.ts';
import { STYLE } from './styles.ts';
import { cutTo, safe, wrapTo } from './text-width.ts';

const WORDS: Record<ConfirmedOp, { readonly title: string; readonly effect: string }> = {
  kill: { title: 'Kill this session?', effect: 'Its container is stopped. Its home stays.' },
  delete: { title: 'Delete this session?', effect: 'Its container and its home are gone for ever.' },
  override: {
    title: 'Clear the lock?',
    effect: 'Only when the change that took it is not going on any more.',
  },
  background: { title: 'Detach everyone?', effect: 'The session goes on running.' },
};

/** Names host and session; the answer that is marked is the one that Enter gives. */
export function confirmDialog(question: Confirmation, cols: number, mostRows: number): DialogBox {
  const { op, warnings, yes } = question;
  const { title, effect } = WORDS[op];
  const words: Line[] = [
    ...warnings.flatMap((text) => warningLines(text, cols)),
    ...wrapTo(effect, cols).map((text) => [span(text)]),
  ];
  const answers: Line = [...answer('No', !yes), span('   '), ...answer('Yes', yes)];
  const whole = [...subject(question, cols), [], ...words, [], answers];
  // In a low window the answers stay in sight, whatever else has to go.
  const tight = [...shortSubject(question, cols), ...words].slice(0, mostRows - 1);
  return { title, lines: whole.length <= mostRows ? whole : [...tight, answers], alarm: op === 'delete' };
}

function subject({ target }: Confirmation, cols: number): Line[] {
  return [
    [span(cutTo(nameText(target), cols), STYLE.strong)],
    [span(cutTo(`on ${safe(target.host)}`, cols))],
    [span(cutTo(target.uuid, cols), STYLE.quiet)],
  ];
}

function shortSubject({ target }: Confirmation, cols: number): Line[] {
  const uuid = ` ${target.uuid.slice(0, 8)}`;
  return [
    [span(cutTo(nameText(target), cols - uuid.length), STYLE.strong), span(uuid, STYLE.quiet)],
    [span(cutTo(`on ${safe(target.host)}`, cols))],
  ];
}

function warningLines(text: string, cols: number): Line[] {
  return wrapTo(safe(text), cols - 2).map((part, index) => [
    span(`${index === 0 ? '▲' : ' '} ${part}`, STYLE.waiting),
  ]);
}

/** The brackets tell the marked one where reversed video does not. */
function answer(text: string, marked: boolean): Line {
  return marked ? [span(`[ ${text} ]`, STYLE.cursor)] : [span(`  ${text}  `)];
}
