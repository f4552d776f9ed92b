import stringWidth from 'string-width';
import { versionOfImageTag } from '../../protocol/ids.ts';
import { STATE_LETTER, stateOf } from '../../protocol/session-actions.ts';
import type { AgentView, SessionView } from '../../protocol/shell-socket.ts';
import { ageOf } from './age.ts';
import { printable } from './printable.ts';

export interface TableOptions {
  readonly nowMs: number;
  /** Columns of the terminal; where the full UUIDs do not fit, their first 8 characters are shown. */
  readonly width?: number | undefined;
}

const HEAD = ['S', 'NAME', 'AGENT', 'IMAGE', 'PORT', 'AGE', 'ATT', 'UUID'];
const SHORT_UUID = 8;

/** The list of sessions: the state first, so that no terminal is too narrow for it; `*` marks an older image. */
export function renderSessions(sessions: readonly SessionView[], options: TableOptions): string {
  const rows = sessions.map((session) => rowOf(session, options.nowMs));
  const full = layOut([HEAD, ...rows]);
  const fits = options.width === undefined || full.every((line) => stringWidth(line) <= (options.width ?? 0));
  if (fits) return full.join('\n');
  return layOut([
    HEAD,
    ...rows.map((row) => [...row.slice(0, -1), row.at(-1)?.slice(0, SHORT_UUID) ?? '']),
  ]).join('\n');
}

/** What has to be said beneath the table; empty where all is well. */
export function notesOf(
  sessions: readonly SessionView[],
  agents: readonly AgentView[],
  nowMs: number,
): string[] {
  const notes: string[] = [];
  if (sessions.some((session) => session.older_image))
    notes.push('* an older image than its agent runs now: kill, then restart the session to move it');
  for (const { host, agent_id, up, since, problem } of agents) {
    if (up) continue;
    const shown = sessions.some((session) => session.agent_id === agent_id && session.stale);
    const stale = shown ? '; its sessions (?) are shown as last seen' : '';
    notes.push(
      `agent ${printable(host)} (${agent_id}) is down since ${since} (${ageOf(since, nowMs)}): ${printable(problem ?? 'unknown')}${stale}`,
    );
  }
  for (const session of sessions)
    if (session.damaged)
      notes.push(
        `session ${session.uuid} on ${printable(session.host)} is damaged: ${printable(session.damaged)}`,
      );
  return notes;
}

function rowOf(session: SessionView, nowMs: number): string[] {
  const image = versionOfImageTag(session.image) ?? session.image;
  return [
    `${STATE_LETTER[stateOf(session)]}${session.stale ? '?' : ''}`,
    printable(session.name) || '-',
    printable(session.host),
    image ? `${printable(image)}${session.older_image ? '*' : ''}` : '-',
    session.port > 0 ? `${session.port}/${session.protocol}` : '-',
    ageOf(session.created_at, nowMs),
    String(session.attached),
    session.uuid,
  ];
}

function layOut(rows: readonly (readonly string[])[]): string[] {
  const widths = HEAD.map((_, column) => Math.max(...rows.map((row) => stringWidth(row[column] ?? ''))));
  return rows.map((row) =>
    row
      .map((cell, column) => cell + ' '.repeat((widths[column] ?? 0) - stringWidth(cell)))
      .join('  ')
      .trimEnd(),
  );
}
