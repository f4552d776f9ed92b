import * as z from 'zod/mini';
import { AgentSettingsChange } from '../../protocol/agent-settings.ts';
import { RPC } from '../../protocol/rpc.ts';
import { SessionName } from '../../protocol/session.ts';
import type { Field, FormDialog, FormPurpose } from './state.ts';

type Action = FormPurpose['action'];

/** The contract's own rules for what a form sends. In an edit an empty name would mean the old one: here it is a slip. */
const PARAMS: Record<Action, z.ZodMiniObject> = {
  new: RPC.create.params,
  clone: RPC.clone.params,
  edit: z.extend(RPC.edit.params, { name: SessionName }),
  settings: AgentSettingsChange,
};

/** What a field's text stands for, where it is no text. */
const MEANING: Record<string, (text: string) => unknown> = {
  port: (text) => (text.toLowerCase() === 'auto' ? -1 : wholeNumber(text || '0')),
  pids_limit: wholeNumber,
  share_ssh: (text) => text === 'yes',
};

/** The rule in words, where the schema's own would not help a person. */
const IN_WORDS: Record<string, string> = {
  port: 'must be auto, a port up to 65535, or empty for none',
  pids_limit: 'must be a number from 64 to 1000000',
  session_command: 'must be one line of 1 to 4096 characters',
};

/** What is wrong with a field's value as it stands; undefined where nothing is. */
export function problemOf(
  action: Action,
  { name, value }: Pick<Field, 'name' | 'value'>,
): string | undefined {
  const schema = PARAMS[action].shape[name];
  const checked = schema && z.safeParse(schema, meaningOf(name, value));
  if (!checked || checked.success) return undefined;
  return IN_WORDS[name] ?? checked.error.issues[0]?.message ?? 'is not valid';
}

/** By name, what the fields say; those that still say what they said at first are left out. */
export function changesIn(form: FormDialog): Record<string, unknown> {
  const changed = form.fields.filter(({ value, initial }) => value !== initial);
  return Object.fromEntries(changed.map(({ name, value }) => [name, meaningOf(name, value)]));
}

function meaningOf(name: string, value: string): unknown {
  const meaning = MEANING[name];
  return meaning ? meaning(value) : value;
}

function wholeNumber(text: string): number {
  return /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
}
