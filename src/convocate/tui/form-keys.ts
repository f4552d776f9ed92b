import type { Key } from './events.ts';
import { problemOf } from './form-rules.ts';
import { leaveForm, sendForm } from './form-sending.ts';
import { type Command, commandOf } from './key-table.ts';
import { type Next, next, withDialog } from './next.ts';
import { hint } from './notices.ts';
import type { Field, FormDialog, TuiState } from './state.ts';
import { TOO_LONG, editText, insertText } from './text-edit.ts';

/** Keys of a form. While it is being sent they wait for the answer; only Escape need not. */
export function formKey(state: TuiState, form: FormDialog, key: Key): Next {
  const command = commandOf('form', key);
  if (command === 'back') return leaveForm(state, form);
  if (form.sending) return next(state);
  switch (command) {
    case 'send':
      return sendForm(state, form);
    case 'nextField':
      return next(withDialog(state, focused(form, 1)));
    case 'previousField':
      return next(withDialog(state, focused(form, -1)));
    default:
      return next(typedInto(state, form, command, key));
  }
}

function focused(form: FormDialog, by: 1 | -1): FormDialog {
  const count = form.fields.length;
  return { ...form, focus: (form.focus + by + count) % count };
}

function typedInto(
  state: TuiState,
  form: FormDialog,
  command: Command<'form'> | undefined,
  key: Key,
): TuiState {
  const field = form.fields[form.focus];
  if (!field) return state;
  const typed = field.options ? walked(field, field.options, command) : edited(field, command, key);
  return typed ? withDialog(state, withTyped(form, field, typed)) : hint(state, TOO_LONG);
}

function withTyped(form: FormDialog, field: Field, typed: Field): FormDialog {
  if (typed.value === field.value) return withField(form, typed);
  // What was refused is another thing now.
  const problem = problemOf(form.purpose.action, typed);
  return { ...withField(form, { ...typed, problem }), refusal: undefined };
}

function withField(form: FormDialog, field: Field): FormDialog {
  return { ...form, fields: form.fields.with(form.focus, field) };
}

/** Undefined where it would be too long. */
function edited(field: Field, command: Command<'form'> | undefined, key: Key): Field | undefined {
  const text = editText(field, command) ?? (key.name === 'text' ? insertText(field, key.text) : field);
  return text && { ...field, ...text };
}

function walked(field: Field, options: readonly string[], command: Command<'form'> | undefined): Field {
  const step = command === 'left' ? -1 : 1;
  if (command !== 'left' && command !== 'right' && command !== 'walk') return field;
  const index = (options.indexOf(field.value) + step + options.length) % options.length;
  const value = options[index] ?? field.value;
  return { ...field, value, cursor: value.length };
}
