import { ATTACH, type TerminalEnd } from '../../protocol/attach.ts';

/** Go on with the terminal that was, or open a new one. */
export type Ask = 'resume' | 'open';

/** How an attach came to its end. */
export type Ending =
  | { readonly how: 'told'; readonly end: TerminalEnd }
  /** The operator left while the connection was lost. */
  | { readonly how: 'left' }
  | { readonly how: 'given-up'; readonly problem: string }
  /** The agent is there and will not have it. */
  | { readonly how: 'refused'; readonly problem: string }
  | { readonly how: 'signal'; readonly signal: NodeJS.Signals };

export type AttachState =
  | { readonly phase: 'connected' }
  | {
      readonly phase: 'lost';
      readonly sinceMs: number;
      readonly tries: number;
      readonly ask: Ask;
      /** What went wrong last. */
      readonly problem: string;
    }
  | { readonly phase: 'over'; readonly ending: Ending };

export type AttachEvent =
  | { readonly what: 'lost'; readonly why: string; readonly atMs: number }
  | { readonly what: 'ended'; readonly end: TerminalEnd; readonly atMs: number }
  /** The agent said hello: output and keys go on. */
  | { readonly what: 'answered' }
  | {
      readonly what: 'failed';
      /** `again`: another try makes sense. `unknown`: the agent holds no such terminal, or has no such session. */
      readonly failure: 'again' | 'unknown' | 'refused';
      readonly problem: string;
      readonly atMs: number;
    }
  | { readonly what: 'second'; readonly atMs: number }
  | { readonly what: 'leave' }
  | { readonly what: 'signal'; readonly signal: NodeJS.Signals };

export type Effect =
  | { readonly do: 'show-notice'; readonly lostForMs: number }
  | { readonly do: 'dial'; readonly ask: Ask; readonly afterMs: number }
  | { readonly do: 'finish'; readonly ending: Ending };

export interface Step {
  readonly state: AttachState;
  readonly effects: readonly Effect[];
}

const FIRST_WAIT_MS = 200;
const LONGEST_WAIT_MS = 2_000;

/** What an attach does about what happens to its connection. Pure: times come in, effects go out. */
export function step(state: AttachState, event: AttachEvent): Step {
  if (state.phase === 'over') return { state, effects: [] };
  switch (event.what) {
    case 'signal':
      return over({ how: 'signal', signal: event.signal });
    case 'ended':
      return isToBeContinued(event.end)
        ? lose(state, 'open', `the agent says: ${event.end.reason}`, event.atMs)
        : over({ how: 'told', end: event.end });
    case 'lost':
      return lose(state, 'resume', event.why, event.atMs);
    case 'answered':
      return { state: { phase: 'connected' }, effects: [] };
    default:
      return state.phase === 'lost' ? whileLost(state, event) : { state, effects: [] };
  }
}

type Lost = Extract<AttachState, { phase: 'lost' }>;

function whileLost(state: Lost, event: Extract<AttachEvent, { what: 'failed' | 'second' | 'leave' }>): Step {
  if (event.what === 'leave') return over({ how: 'left' });
  const lostForMs = event.atMs - state.sinceMs;
  const problem = event.what === 'failed' ? event.problem : state.problem;
  if (event.what === 'failed' && event.failure !== 'again') {
    if (event.failure === 'unknown' && state.ask === 'resume')
      return dial({ ...state, ask: 'open', problem }, 0);
    return over({ how: 'refused', problem });
  }
  if (lostForMs >= ATTACH.giveUpMs) return over({ how: 'given-up', problem });
  if (event.what === 'second') return { state, effects: [{ do: 'show-notice', lostForMs }] };
  // Nobody knows whether a terminal was opened for a question that got no answer: ask for that one first.
  const tries = state.tries + 1;
  return dial({ ...state, tries, ask: 'resume', problem }, waitMs(tries));
}

function lose(state: AttachState, ask: Ask, problem: string, atMs: number): Step {
  if (state.phase === 'lost') return { state, effects: [] };
  const lost: Lost = { phase: 'lost', sinceMs: atMs, tries: 0, ask, problem };
  const { effects } = dial(lost, waitMs(0));
  return { state: lost, effects: [{ do: 'show-notice', lostForMs: 0 }, ...effects] };
}

function dial(state: Lost, afterMs: number): Step {
  return { state, effects: [{ do: 'dial', ask: state.ask, afterMs }] };
}

function over(ending: Ending): Step {
  return { state: { phase: 'over', ending }, effects: [{ do: 'finish', ending }] };
}

/** An agent that is updated stops and comes back; Docker may lose a terminal whose session goes on. */
function isToBeContinued({ reason }: TerminalEnd): boolean {
  return reason === 'stopping' || reason === 'failed';
}

/** Before try n: short, because an operator looks on; never so short as to be a burden on 50 agents. */
function waitMs(tries: number): number {
  return Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.min(tries, 10));
}
