import { columnsOf } from '../../base/text-columns.ts';
import { DEFAULT_SETTINGS } from '../../protocol/agent-settings.ts';
import { versionOfImageTag } from '../../protocol/ids.ts';
import { STATE_LETTER, stateOf } from '../../protocol/session-actions.ts';
import type { AgentView, SessionView } from '../../protocol/shell-socket.ts';
import { halfDeadWords } from '../agent-trouble.ts';
import { endWord } from '../how-it-ended.ts';
import { MARK, looserProfile } from '../session-marks.ts';
import { ageOf } from './age.ts';
import { printable } from './printable.ts';

export interface TableOptions {
  readonly nowMs: number;
  /** Columns of the terminal; see {@link NARROWER}. */
  readonly width?: number | undefined;
}

const HEAD = ['S', 'NAME', 'AGENT', 'IMAGE', 'PORT', 'AGE', 'ATT', 'ACTIVITY', 'UUID'];
const UUID = HEAD.indexOf('UUID');
const ACTIVITY = HEAD.indexOf('ACTIVITY');
const SHORT_UUID = 8;

type Rows = readonly (readonly string[])[];

/** What is given up one after the other where the table is too wide for the terminal. */
const NARROWER: readonly ((rows: Rows) => Rows)[] = [
  ([head = [], ...rows]) => [
    head,
    ...rows.map((row) => row.with(UUID, row[UUID]?.slice(0, SHORT_UUID) ?? '')),
  ],
  (rows) => rows.map((row) => row.toSpliced(ACTIVITY, 1)),
];

/** The list of sessions: the state first, so that no terminal is too narrow for it; signs as {@link MARK} has them. */
export function renderSessions(sessions: readonly SessionView[], options: TableOptions): string {
  const { width = Number.POSITIVE_INFINITY } = options;
  let rows: Rows = [HEAD, ...sessions.map((session) => rowOf(session, options.nowMs))];
  let lines = layOut(rows);
  for (const narrow of NARROWER) {
    if (lines.every((line) => columnsOf(line) <= width)) break;
    rows = narrow(rows);
    lines = layOut(rows);
  }
  return lines.join('\n');
}

/** What has to be said beneath the table; empty where all is well. */
export function notesOf(
  sessions: readonly SessionView[],
  agents: readonly AgentView[],
  nowMs: number,
): string[] {
  const notes: string[] = [];
  if (sessions.some((session) => session.older_image))
    notes.push(
      `${MARK.olderImage} an older image than its agent runs now: kill, then restart the session to move it`,
    );
  const looser = new Set(sessions.map(looserProfile).filter((profile) => profile !== undefined));
  if (looser.size > 0)
    notes.push(
      `${MARK.looserProfile} a looser profile than ${DEFAULT_SETTINGS.profile} (${printable([...looser].sort().join(', '))}): set its agent's profile, kill, then restart the session to leave it`,
    );
  for (const agent of agents) {
    const { host, agent_id, up, since, problem } = agent;
    const halfDead = halfDeadWords(agent, nowMs);
    if (halfDead !== undefined) notes.push(`agent ${printable(host)} (${agent_id}): ${halfDead}`);
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
    `${STATE_LETTER[stateOf(session)]}${session.stale ? MARK.stale : ''}`,
    `${printable(session.name) || '-'}${looserProfile(session) === undefined ? '' : MARK.looserProfile}`,
    printable(session.host),
    image ? `${printable(image)}${session.older_image ? MARK.olderImage : ''}` : '-',
    session.port > 0 ? `${session.port}/${session.protocol}` : '-',
    ageOf(session.created_at, nowMs),
    String(session.attached),
    activityOf(session, nowMs),
    session.uuid,
  ];
}

/** What a running program is doing and since when; of one that has ended, how. */
export function activityOf(session: SessionView, nowMs: number): string {
  const { running, activity } = session;
  if (!running) return endWord(session);
  return activity ? `${activity.state} ${ageOf(activity.since, nowMs)}` : '-';
}

function layOut(rows: Rows): string[] {
  const widths = HEAD.map((_, column) => Math.max(...rows.map((row) => columnsOf(row[column] ?? ''))));
  return rows.map((row) =>
    row
      .map((cell, column) => cell + ' '.repeat((widths[column] ?? 0) - columnsOf(cell)))
      .join('  ')
      .trimEnd(),
  );
}
