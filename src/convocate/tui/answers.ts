import { doneWords, resultOf, wantedWords } from './answer-words.ts';
import { keepSettings, keepSettingsProblem } from './ask-settings.ts';
import type { Call, TuiEvent } from './events.ts';
import { formWaitingFor, leaveForm, refusedForm } from './form-sending.ts';
import { sessionOf } from './gate.ts';
import { type Next, next, withDialog } from './next.ts';
import { remember, tell } from './notices.ts';
import { type TuiState, keyOf } from './state.ts';
import { targetKey } from './target.ts';

type Answer = Extract<TuiEvent, { kind: 'answer' }>;

/** A call has ended, well or not. */
export function onAnswer(state: TuiState, answer: Answer): Next {
  const over = withoutUnderWay(state, answer.call);
  if (answer.call.op === 'logs') return next(keepLog(over, answer));
  if (answer.outcome !== 'done') return next(failed(over, answer));
  const form = formWaitingFor(over, answer.call);
  if (!form) return next(withResult(over, answer));
  const { state: left, effects } = leaveForm(over, { ...form, sending: false });
  return next(awaiting(withResult(left, answer), answer), ...effects);
}

function withoutUnderWay(state: TuiState, { target, op }: Call): TuiState {
  if (!target || op === 'logs' || !state.underWay.has(targetKey(target))) return state;
  const underWay = new Map(state.underWay);
  underWay.delete(targetKey(target));
  return { ...state, underWay };
}

function failed(state: TuiState, answer: Answer): TuiState {
  const kind = answer.outcome === 'refused' ? 'refused' : 'failed';
  const { call, problem = `it ${kind}; nobody said why` } = answer;
  const text = `${wantedWords(call)}: ${problem}`;
  if (call.op === 'settings-get') return tell(keepSettingsProblem(state, call.agentId, problem), kind, text);
  const form = formWaitingFor(state, call);
  if (!form) return tell(state, kind, text);
  const refused = refusedForm(state, form, answer);
  // A refusal changed nothing; of a failure it is good to know later that it was tried.
  return kind === 'failed' ? remember(refused, { atMs: state.nowMs, kind, text }) : refused;
}

function withResult(state: TuiState, { call, result }: Answer): TuiState {
  const words = doneWords(state, call, result);
  const told = words === undefined ? state : tell(state, 'done', words);
  if (call.op === 'kill' && call.target) return withKilled(told, call.target);
  if (call.op !== 'settings-get' && call.op !== 'settings-set') return told;
  const settings = resultOf(call.op, result);
  return settings
    ? keepSettings(told, call.agentId, settings)
    : keepSettingsProblem(told, call.agentId, 'its answer cannot be read');
}

/** The answer may be here before the picture shows it: what it shows then is no news. */
function withKilled(state: TuiState, target: NonNullable<Call['target']>): TuiState {
  if (!sessionOf(state, target)?.running) return state;
  return { ...state, killed: new Map(state.killed).set(targetKey(target), state.nowMs) };
}

/** The cursor goes to what was made here, as soon as the picture shows it. */
function awaiting(state: TuiState, { call, result }: Answer): TuiState {
  if (call.op !== 'create' && call.op !== 'clone') return state;
  const made = resultOf(call.op, result);
  return made ? { ...state, awaited: keyOf({ agent_id: call.agentId, uuid: made.uuid }) } : state;
}

/** A log came; one that nobody looks at any more is dropped. */
function keepLog(state: TuiState, { call, outcome, result, problem }: Answer): TuiState {
  const { dialog } = state;
  if (dialog?.kind !== 'log' || !call.target || targetKey(dialog.target) !== targetKey(call.target))
    return state;
  const log = outcome === 'done' ? resultOf('logs', result) : undefined;
  if (!log) return withDialog(state, { ...dialog, problem: problem ?? 'the log did not come' });
  const lines = log.text === '' ? [] : log.text.replace(/\n$/, '').split(/\r?\n/);
  return withDialog(state, { ...dialog, lines, truncated: log.truncated, problem: undefined });
}
