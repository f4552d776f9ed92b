import { STATE_LETTER, stateOf } from '../../../protocol/session-actions.ts';
import type { SessionView } from '../../../protocol/shell-socket.ts';
import { ageOf } from '../../commands/age.ts';
import { endWord } from '../../how-it-ended.ts';
import { endedBadly } from '../../needs-attention.ts';
import { MARK } from '../../session-marks.ts';
import type { Style } from './line.ts';
import { STYLE } from './styles.ts';

/** What a session's state and doings are called in a row, with the glyph and the style that go with them. */
export interface Words {
  readonly glyph: string;
  readonly text: string;
  readonly style: Style;
}

/** A terminal that showed something within this time is called active. */
const ACTIVE_MS = 15_000;

/** What it is doing or how it ended, in at most 12 columns: `waits 3m`, `working`, `exit 1`. */
export function activityWords(session: SessionView, nowMs: number): Words {
  switch (stateOf(session)) {
    case 'orphan':
      return { glyph: '◌', text: 'orphan', style: STYLE.orphan };
    case 'damaged':
      return { glyph: '✖', text: 'damaged', style: STYLE.alarm };
    case 'locked':
      return { glyph: '■', text: 'locked', style: STYLE.locked };
    case 'stopped':
      return endedWords(session);
    case 'running':
    case 'connected':
      return doingWords(session, nowMs);
  }
}

/** The state's letter, how many are attached, and `?` where the agent cannot be asked: `R`, `C2`, `R?`. */
export function stateLetter(session: SessionView): string {
  const state = stateOf(session);
  const attached = state === 'connected' ? String(Math.min(session.attached, 99)) : '';
  return `${STATE_LETTER[state]}${attached}${session.stale ? MARK.stale : ''}`;
}

/** Red is what `!` shows too. */
function endedWords(session: SessionView): Words {
  const look = endedBadly(session) ? { glyph: '✖', style: STYLE.failed } : { glyph: '○', style: STYLE.plain };
  return { ...look, text: endWord(session, true) };
}

function doingWords({ activity }: SessionView, nowMs: number): Words {
  const since = activity ? ageOf(activity.since, nowMs) : '';
  switch (activity?.state) {
    case 'waiting':
      return { glyph: '▲', text: `waits ${since}`, style: STYLE.waiting };
    case 'working':
      return { glyph: '●', text: 'working', style: STYLE.working };
    case 'idle':
      return { glyph: '●', text: `idle ${since}`, style: STYLE.plain };
    case 'exited':
      return { glyph: '●', text: `exited ${since}`, style: STYLE.plain };
    default:
      return { glyph: '●', text: terminalWords(activity?.last_output_at, nowMs), style: STYLE.plain };
  }
}

/** Of programs that report nothing, all there is to see is whether they print. */
function terminalWords(lastOutputAt: string | undefined, nowMs: number): string {
  const atMs = Date.parse(lastOutputAt ?? '');
  if (Number.isNaN(atMs)) return 'running';
  return nowMs - atMs < ACTIVE_MS ? 'active' : `quiet ${ageOf(lastOutputAt ?? '', nowMs)}`;
}
