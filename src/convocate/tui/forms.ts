import type { AgentSettings } from '../../protocol/agent-settings.ts';
import type { AgentView, SessionView } from '../../protocol/shell-socket.ts';
import { nameOf } from './session-words.ts';
import { type Field, type FormDialog, type FormPurpose } from './state.ts';
import { targetOf } from './target.ts';

const NAME_HINT = 'letters, digits, _ and -, up to 64';
const MOST_NAME = 64;

export function newForm({ agent_id: agentId, host }: AgentView): FormDialog {
  return form({ action: 'new', agentId, host }, [
    field('name', 'Name', '', NAME_HINT),
    ...reachedBy({ port: '', protocol: 'tcp', dns_name: '' }),
  ]);
}

/** A clone is called like its source until it is given another name; port and DNS name it has none. */
export function cloneForm(session: SessionView): FormDialog {
  const suffix = '-copy';
  const name = `${nameOf(session).slice(0, MOST_NAME - suffix.length)}${suffix}`;
  return form({ action: 'clone', target: targetOf(session) }, [field('name', 'Name', name, NAME_HINT)]);
}

/** What is changed applies when the session is started next; the name at once. */
export function editForm(session: SessionView): FormDialog {
  const { name, protocol, dns_name } = session;
  const port = session.port === 0 ? '' : String(session.port);
  const fields = [field('name', 'Name', name, NAME_HINT), ...reachedBy({ port, protocol, dns_name })];
  return form({ action: 'edit', target: targetOf(session) }, fields.map(withInitial));
}

export function settingsForm(
  { agent_id: agentId, host }: Pick<AgentView, 'agent_id' | 'host'>,
  settings: AgentSettings,
): FormDialog {
  const { session_command, resume_command, session_program, pids_limit, share_ssh, profile } = settings;
  const resumed = 'for a home with a conversation to go on with; empty: as the program does it';
  const fields = [
    field('session_command', 'Command', session_command, 'one command line, run in the session'),
    field('resume_command', 'To resume', resume_command, resumed),
    field('session_program', 'Program', session_program, "the host's, shown inside; empty for none"),
    field('pids_limit', 'Most processes', String(pids_limit), '64 to 1000000, in one session'),
    choice(
      'share_ssh',
      'Share ~/.ssh',
      share_ssh ? 'yes' : 'no',
      ['no', 'yes'],
      'read-only, in every session',
    ),
    choice(
      'profile',
      'Profile',
      profile,
      ['boxed', 'docker'],
      'docker: a session can become root on the host',
    ),
  ];
  return form({ action: 'settings', agentId, host }, fields.map(withInitial));
}

function form(purpose: FormPurpose, fields: readonly Field[]): FormDialog {
  return { kind: 'form', purpose, fields, focus: 0, sending: false };
}

function reachedBy(session: { port: string; protocol: string; dns_name: string }): readonly Field[] {
  return [
    field('port', 'Port', session.port, 'a number, auto, or empty for none'),
    choice('protocol', 'Protocol', session.protocol, ['tcp', 'udp'], 'of the port'),
    field('dns_name', 'DNS name', session.dns_name, 'lowercase labels, or empty for none'),
  ];
}

function field(name: string, label: string, value: string, hint: string): Field {
  return { name, label, value, cursor: value.length, hint };
}

function choice(name: string, label: string, value: string, options: readonly string[], hint: string): Field {
  return { ...field(name, label, value, hint), options };
}

function withInitial(field: Field): Field {
  return { ...field, initial: field.value };
}
