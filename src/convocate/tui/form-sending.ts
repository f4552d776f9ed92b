import type { Call, TuiEvent } from './events.ts';
import { changesIn, problemOf } from './form-rules.ts';
import { whyCutOff, whyNot } from './gate.ts';
import { type Next, next, withDialog } from './next.ts';
import { hint } from './notices.ts';
import { startCall } from './operate.ts';
import { openSettings, openSettingsAt } from './settings-keys.ts';
import type { FormDialog, TuiState } from './state.ts';

/** Sends what stands in a form, or goes to the first field that is wrong. */
export function sendForm(state: TuiState, form: FormDialog): Next {
  const { purpose } = form;
  const fields = form.fields.map((field) => ({ ...field, problem: problemOf(purpose.action, field) }));
  const wrong = fields.findIndex(({ problem }) => problem !== undefined);
  if (wrong !== -1) return next(withDialog(state, { ...form, fields, focus: wrong }));
  if (Object.keys(changesIn(form)).length === 0) {
    const left = leaveForm(state, form);
    return { ...left, state: hint(left.state, 'nothing was changed', 'news') };
  }
  const why =
    'target' in purpose ? whyNot(state, purpose.action, purpose.target) : whyCutOff(state, purpose.action);
  if (why !== undefined) return next(withDialog(state, { ...form, fields, refusal: why }));
  const sent = { ...form, fields, refusal: undefined, sending: true };
  return startCall(withDialog(state, sent), callOf(form));
}

/** Out of a form, to where it was opened. What was sent goes on: its answer comes as a message. */
export function leaveForm(state: TuiState, form: FormDialog): Next {
  const { purpose } = form;
  const told = form.sending
    ? hint(state, 'it is under way; how it ends will be told here and under (M)essages', 'news')
    : state;
  if (purpose.action !== 'settings') return next(withDialog(told, undefined));
  const { state: left, effects } = openSettings(told);
  return next(openSettingsAt(left, purpose.agentId), ...effects);
}

/** The form that waits for this answer; undefined where none does, or where it was left. */
export function formWaitingFor(state: TuiState, call: Call): FormDialog | undefined {
  const { dialog } = state;
  if (dialog?.kind !== 'form' || !dialog.sending) return undefined;
  return JSON.stringify(callOf(dialog)) === JSON.stringify(call) ? dialog : undefined;
}

/** What was refused stays on the screen, with the agent's words on it. */
export function refusedForm(
  state: TuiState,
  form: FormDialog,
  { outcome, problem }: Extract<TuiEvent, { kind: 'answer' }>,
): TuiState {
  const refusal = problem ?? `it was ${outcome === 'refused' ? 'refused' : 'not done'}; nobody said why`;
  return withDialog(state, { ...form, sending: false, refusal });
}

function callOf(form: FormDialog): Call {
  const { purpose } = form;
  const changes = changesIn(form);
  if (purpose.action === 'new' || purpose.action === 'settings') {
    const { agentId, host } = purpose;
    return { agentId, host, op: purpose.action === 'new' ? 'create' : 'settings-set', params: changes };
  }
  const { target } = purpose;
  const { agentId, host, uuid } = target;
  return purpose.action === 'clone'
    ? { agentId, host, op: 'clone', params: { source_id: uuid, ...changes }, target }
    : { agentId, host, op: 'edit', params: { id: uuid, ...changes }, target };
}
