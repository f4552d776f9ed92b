import { columnsOf } from '../../../base/text-columns.ts';
import { DEFAULT_SETTINGS } from '../../../protocol/agent-settings.ts';
import type { Screen } from '../../../protocol/rpc.ts';
import type { SessionView } from '../../../protocol/shell-socket.ts';
import { ageOf } from '../../commands/age.ts';
import { endCause } from '../../how-it-ended.ts';
import { MARK, looserProfile } from '../../session-marks.ts';
import { whyForbidden } from '../gate.ts';
import { type Preview, keyOf } from '../state.ts';
import { type Line, type Style, span } from './line.ts';
import { headOfLine, widthOfLine } from './line-width.ts';
import { cpuText, dnsText, imageText, markedNameText, memoryText, portText } from './session-texts.ts';
import { activityWords, stateLetter } from './activity-words.ts';
import { STYLE } from './styles.ts';
import { styledLines } from './styled-text.ts';
import { cutTo, safe, wrapTo } from './text-width.ts';

interface Area {
  readonly cols: number;
  readonly rows: number;
}

/** With it a whole UUID fits into the narrowest pane. */
const LABEL_COLS = 8;
type Fact = readonly [label: string, text: string];

const EDGE = '│ ';
/** Below this height the screen matters more than what the row says already. */
const ROWS_FOR_DETAILS = 20;

/** The selected session beside the list: what is known of it, and below that what its terminal shows. */
export function previewPane(
  session: SessionView | undefined,
  preview: Preview | undefined,
  { cols, rows }: Area,
  nowMs: number,
): readonly Line[] {
  const inner = cols - columnsOf(EDGE);
  const content = session ? contentOf(session, preview, { cols: inner, rows }, nowMs) : [];
  return Array.from({ length: rows }, (_, index) => [
    span(EDGE, STYLE.quiet),
    ...headOfLine(content[index] ?? [], inner),
  ]);
}

function contentOf(
  session: SessionView,
  preview: Preview | undefined,
  { cols, rows }: Area,
  nowMs: number,
): readonly Line[] {
  const all = detailLines(session, cols, nowMs);
  const details = rows < ROWS_FOR_DETAILS ? all.slice(0, 2) : all;
  const own = preview?.key === keyOf(session) ? preview : undefined;
  const left = rows - details.length - 1;
  return [...details, ruleLine(own?.screen, cols), ...screenPart(session, own, { cols, rows: left })];
}

function detailLines(session: SessionView, cols: number, nowMs: number): readonly Line[] {
  const words = activityWords(session, nowMs);
  const detail = safe(session.damaged ?? session.activity?.detail ?? '');
  const { uuid, host, agent_id, started_at, created_at } = session;
  const started = started_at === '' ? 'never' : `${ageOf(started_at, nowMs)} ago`;
  const older = session.older_image ? "  older than its agent's" : '';
  const facts: readonly Fact[] = [
    ['UUID', uuid],
    ['agent', `${safe(host)} (${agent_id})`],
    ['image', `${imageText(session)}${older}`],
    ['profile', profileText(session)],
    ['started', `${started}, made ${ageOf(created_at, nowMs)} ago`],
    ...endFact(session),
    ['port', portText(session)],
    ['DNS', dnsText(session)],
    ['uses', `${memoryText(session)} memory, ${cpuText(session)} CPU`],
  ];
  return [
    [span(cutTo(markedNameText(session, cols), cols), STYLE.title)],
    [
      span(`${words.glyph} ${stateLetter(session)} ${words.text}`, words.style),
      span(detail === '' ? '' : `  ${detail}`),
    ],
    ...facts.map(([label, text]) => [span(label.padEnd(LABEL_COLS), STYLE.quiet), span(text)]),
  ];
}

/** How it ended, where that is known. */
function endFact(session: SessionView): readonly Fact[] {
  const cause = session.running ? undefined : endCause(session);
  return cause === undefined ? [] : [['ended', cause]];
}

function profileText(session: SessionView): string {
  const looser = looserProfile(session);
  if (looser === undefined) return session.profile ?? '-';
  return `${safe(looser)}  ${MARK.looserProfile} looser than ${DEFAULT_SETTINGS.profile}`;
}

function ruleLine(screen: Screen | undefined, cols: number): Line {
  const title = screen
    ? ` ${screen.cols}×${screen.rows}${screen.title ? ` ${safe(screen.title)}` : ''} `
    : '';
  const text = cutTo(`──${title}`, cols);
  return [span(text + '─'.repeat(Math.max(0, cols - columnsOf(text))), STYLE.quiet)];
}

function screenPart(session: SessionView, preview: Preview | undefined, area: Area): readonly Line[] {
  if (preview?.problem !== undefined) return wrapped(preview.problem, area, STYLE.failed);
  if (preview?.screen) return bottomLeft(linesOf(preview.screen), area);
  const why = session.running
    ? '…'
    : (whyForbidden('attach', session, 'not running') ?? 'not running: Enter starts it');
  return wrapped(why, area, STYLE.quiet);
}

function wrapped(text: string, { cols, rows }: Area, style: Style): readonly Line[] {
  return wrapTo(safe(text), cols, rows).map((part) => [span(part, style)]);
}

const drawn = new WeakMap<Screen, readonly Line[]>();

/** Keys come more often than screens. */
function linesOf(screen: Screen): readonly Line[] {
  const known = drawn.get(screen) ?? styledLines(screen.text);
  drawn.set(screen, known);
  return known;
}

/** Programs write at the bottom; empty lines below what they wrote show nothing. */
function bottomLeft(lines: readonly Line[], { cols, rows }: Area): readonly Line[] {
  const last = lines.findLastIndex((line) => widthOfLine(line) > 0);
  const end = last + 1;
  return lines.slice(Math.max(0, end - rows), end).map((line) => headOfLine(line, cols));
}
