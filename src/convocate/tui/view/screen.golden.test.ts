import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { AgentView, SessionView } from '../../../protocol/shell-socket.ts';
import type { Size } from '../../own-device.ts';
import { cloneForm, editForm } from '../forms.ts';
import type { Field, FormDialog, TuiState } from '../state.ts';
import { keyOf } from '../state.ts';
import { targetOf } from '../target.ts';
import { KINDS, LIVE_SCREEN, NOW_MS, SIZES, agentAt, ago, sessionAt, stateWith } from './cluster-fixture.ts';
import { exactColumns } from './exact-columns-fixture.ts';
import { textOf } from './line.ts';
import { widthOfLine } from './line-width.ts';
import { screenOf } from './screen.ts';

/**
 * What each screen looks like, kept as plain text beside this file and compared exactly. `UPDATE_GOLDEN=1` writes them
 * anew; whoever does that looks at them.
 */
const FOLDER = join(import.meta.dirname, 'golden');
const UPDATE = process.env['UPDATE_GOLDEN'] === '1';
process.env['TZ'] = 'UTC'; // the clock in the title bar

beforeAll(exactColumns);

const AGENTS = [agentAt(0), agentAt(1)];
const [WORKING = sessionAt(0), WAITING = sessionAt(0)] = KINDS;

const many = (size: Size): TuiState => {
  const sessions = Array.from({ length: 1_000 }, (_, index) =>
    sessionAt(index, {
      activity: { state: index % 7 === 0 ? 'waiting' : 'idle', since: ago(index + 1), detail: '' },
    }),
  );
  const state = stateWith(
    size,
    Array.from({ length: 6 }, (_, index) => agentAt(index)),
    sessions,
  );
  const selected = sessions[503];
  return { ...state, list: { ...state.list, top: 500, selected: selected && keyOf(selected) } };
};

const kinds = (size: Size): TuiState => {
  const state = stateWith(size, AGENTS, KINDS);
  return {
    ...state,
    preview: { key: keyOf(WORKING), screen: LIVE_SCREEN },
    underWay: new Map([[keyOf(KINDS[6] ?? WORKING), 'starting']]),
  };
};

const withDialog = (size: Size, dialog: TuiState['dialog']): TuiState => ({ ...kinds(size), dialog });

const field = (name: string, label: string, value: string, more: Partial<Field> = {}): Field => ({
  name,
  label,
  value,
  cursor: value.length,
  hint: 'letters, digits, _ and -, up to 64',
  ...more,
});

const FORM: FormDialog = {
  kind: 'form',
  purpose: { action: 'new', agentId: 'agent00a', host: 'build-a.example.net' },
  focus: 0,
  sending: false,
  fields: [
    field('name', 'Name', 'web-frontend'),
    field('port', 'Port', 'auto', { hint: 'a number, auto, or empty for none' }),
    field('protocol', 'Protocol', 'tcp', { options: ['tcp', 'udp'], hint: 'of the port' }),
    field('dns_name', 'DNS name', '', { hint: 'lowercase labels, or empty for none' }),
  ],
};

const SETTINGS = {
  session_command: '/usr/local/bin/claude',
  resume_command: '',
  session_program: '/usr/local/bin/claude',
  pids_limit: 4096,
  share_ssh: false,
  profile: 'boxed',
} as const;

const SETTINGS_PAGE = {
  kind: 'settings',
  selected: 'agent00a',
  top: 0,
  settings: new Map(),
  asking: new Set<string>(),
  problems: new Map<string, string>(),
} as const;

const down = (host: number): ReturnType<typeof agentAt> =>
  agentAt(host, { up: false, since: ago(4), problem: 'connect ETIMEDOUT 10.0.0.12:222', load: [] });

const withoutUse = (session: SessionView): SessionView => ({
  ...session,
  memory_bytes: undefined,
  cpu_percent: undefined,
});

/** It answers, and its events do not come: as the service tells of it then. */
const SILENT: AgentView = {
  ...agentAt(0, { load: [], status_link: { up: false, since: ago(4), version: 'v1.5.0' } }),
  capacity: undefined,
  slice: undefined,
};

const SCREENS: Record<string, (size: Size) => TuiState> = {
  connecting: (size) => ({ ...stateWith(size, [], [], { connection: 'connecting', name: '' }) }),
  'connecting-problem': (size) =>
    stateWith(size, [], [], {
      connection: 'connecting',
      name: '',
      problem:
        'convocate-status.service is not running on this host: run `systemctl status convocate-status`',
    }),
  lost: (size) =>
    stateWith(size, AGENTS, KINDS, {
      connection: 'lost',
      sinceMs: NOW_MS - 42_000,
      problem: 'the status service went away; trying again',
    }),
  empty: (size) => stateWith(size, AGENTS, []),
  'no-agents': (size) => stateWith(size, [], []),
  one: (size) => stateWith(size, [agentAt(0)], [WORKING]),
  kinds,
  many,
  'agent-down': (size) =>
    stateWith(
      size,
      [agentAt(0), down(1)],
      KINDS.map((session) => ({ ...session, stale: session.agent_id === 'agent00b' })),
    ),
  'agents-down': (size) => stateWith(size, [agentAt(0), ...[1, 2, 3, 4, 5].map(down)], KINDS.slice(0, 3)),
  stale: (size) => {
    const sessions = KINDS.map((session) => ({ ...session, stale: true }));
    return {
      ...stateWith(size, [down(0), agentAt(1)], sessions),
      preview: { key: keyOf(WORKING), problem: 'build-a.example.net does not answer' },
    };
  },
  'no-docker': (size) => {
    const docker = { answers: false, since: ago(4) };
    return stateWith(
      size,
      [agentAt(0), agentAt(1, { docker })],
      KINDS.map((session) => ({ ...session, stale: session.agent_id === 'agent00b' })),
    );
  },
  'no-events': (size) => stateWith(size, [SILENT, agentAt(1)], KINDS.map(withoutUse)),
  'settings-no-events': (size) => ({
    ...stateWith(size, [SILENT, agentAt(1)], KINDS.map(withoutUse)),
    dialog: { ...SETTINGS_PAGE, settings: new Map([['agent00a', SETTINGS]]) },
  }),
  'filter-nothing': (size) => {
    const state = kinds(size);
    return { ...state, list: { ...state.list, filter: 'no such', onlyAttention: true, selected: undefined } };
  },
  'filter-typing': (size) => {
    const state = kinds(size);
    return {
      ...state,
      list: { ...state.list, filter: 'build-b', selected: keyOf(WAITING) },
      dialog: { kind: 'filter', cursor: 7, before: '' },
    };
  },
  filtered: (size) => {
    const state = kinds(size);
    return {
      ...state,
      list: { ...state.list, agent: 'agent00b', onlyAttention: true, selected: keyOf(WAITING) },
    };
  },
  'notice-failed': (size) => ({
    ...kinds(size),
    notice: {
      atMs: NOW_MS,
      kind: 'failed',
      text: 'could not restart resting on build-a.example.net: its image convocate:v1.3.0 is gone: load it again with `convocate-host update`',
    },
  }),
  'confirm-kill': (size) =>
    withDialog(size, {
      kind: 'confirm',
      op: 'kill',
      target: targetOf(WORKING),
      warnings: ['it is in the middle of work: Bash: npm test', '2 are attached to it'],
      yes: false,
    }),
  'confirm-delete': (size) =>
    withDialog(size, { kind: 'confirm', op: 'delete', target: targetOf(WAITING), warnings: [], yes: true }),
  'confirm-override': (size) =>
    withDialog(size, {
      kind: 'confirm',
      op: 'override',
      target: targetOf(WORKING),
      warnings: [],
      yes: false,
    }),
  'confirm-background': (size) =>
    withDialog(size, {
      kind: 'confirm',
      op: 'background',
      target: targetOf(WORKING),
      warnings: ['2 are attached to it'],
      yes: false,
    }),
  'form-new': (size) => withDialog(size, FORM),
  'form-refused': (size) =>
    withDialog(size, {
      ...FORM,
      focus: 1,
      fields: FORM.fields.map((entry) =>
        entry.name === 'port' ? { ...entry, value: '8080', cursor: 2 } : entry,
      ),
      refusal: 'port 8080/tcp is taken by payments-api (00000001-1c5e-4b7a-9d3f-0123456789ab)',
    }),
  'form-problem': (size) =>
    withDialog(size, {
      ...FORM,
      fields: FORM.fields.map((entry) =>
        entry.name === 'name'
          ? {
              ...entry,
              value: 'web frontend',
              cursor: 12,
              problem: 'must be 1 to 64 characters of A-Z a-z 0-9 _ -',
            }
          : entry,
      ),
    }),
  'form-edit': (size) => withDialog(size, editForm(WORKING)),
  'form-clone': (size) => withDialog(size, cloneForm(WORKING)),
  'form-sending': (size) => withDialog(size, { ...FORM, sending: true }),
  'form-settings': (size) =>
    withDialog(size, {
      ...FORM,
      focus: 5,
      purpose: { action: 'settings', agentId: 'agent00a', host: 'build-a.example.net' },
      fields: [
        field('session_command', 'Command', '/usr/local/bin/claude'),
        field('resume_command', 'To resume', ''),
        field('session_program', 'Program', '/usr/local/bin/claude'),
        field('pids_limit', 'Most processes', '4096'),
        field('share_ssh', 'Share ~/.ssh', 'no', { options: ['no', 'yes'] }),
        field('profile', 'Profile', 'boxed', {
          options: ['boxed', 'docker'],
          hint: 'docker: a session can become root on the host',
        }),
      ],
    }),
  'pick-agent': (size) => {
    const state = stateWith(size, [...AGENTS, down(2)], KINDS);
    return { ...state, dialog: { kind: 'pick agent', selected: 'agent00b' } };
  },
  'pick-agent-none': (size) => ({
    ...stateWith(size, [], []),
    dialog: { kind: 'pick agent', selected: undefined },
  }),
  help: (size) => withDialog(size, { kind: 'help', top: 0 }),
  log: (size) =>
    withDialog(size, {
      kind: 'log',
      target: targetOf(WORKING),
      truncated: true,
      top: undefined,
      lines: Array.from(
        { length: 120 },
        (_, index) =>
          `2026-03-04T13:${String(index % 60).padStart(2, '0')}:00Z line ${index} \u001b[31mred\u001b[0m \u001b[2J\u0007`,
      ),
    }),
  'log-long-lines': (size) =>
    withDialog(size, {
      kind: 'log',
      target: targetOf(WORKING),
      truncated: false,
      top: undefined,
      lines: [
        'a short one',
        `  at indentedFrame (file:///usr/local/lib/convocate-session/${'deep/'.repeat(40)}index.js:12:34)`,
        `\u001b[33mwarning\u001b[0m: ${'words that are broken between '.repeat(8)}and end here`,
        `日本語の端末。${'日本語の端末。'.repeat(20)}`,
        'the last one',
      ],
    }),
  'log-problem': (size) =>
    withDialog(size, {
      kind: 'log',
      target: targetOf(WORKING),
      truncated: false,
      top: undefined,
      lines: undefined,
      problem:
        'build-a.example.net (agent00a) does not answer since 2026-03-04T13:00:00Z: the agent did not answer ping within 4 s',
    }),
  'log-empty': (size) =>
    withDialog(size, {
      kind: 'log',
      target: targetOf(WORKING),
      truncated: false,
      top: undefined,
      lines: undefined,
    }),
  messages: (size) => ({
    ...withDialog(size, { kind: 'messages', top: undefined }),
    messages: [
      { atMs: NOW_MS - 90_000, kind: 'done', text: 'restarted resting on build-a.example.net' },
      {
        atMs: NOW_MS - 60_000,
        kind: 'news',
        text: 'docs-rewrite on build-b.example.net waits: permission to use Bash',
      },
      {
        atMs: NOW_MS - 9_000,
        kind: 'failed',
        text: 'could not kill crashed on build-b.example.net: connect ETIMEDOUT 10.0.0.12:222',
      },
    ],
  }),
  settings: (size) => {
    const state = stateWith(size, [...AGENTS, down(2)], KINDS);
    return {
      ...state,
      dialog: { ...SETTINGS_PAGE, settings: new Map([['agent00a', SETTINGS]]) },
    };
  },
  'settings-asking': (size) => ({
    ...stateWith(size, AGENTS, KINDS),
    dialog: { ...SETTINGS_PAGE, asking: new Set(['agent00a']) },
  }),
  'settings-failed': (size) => {
    const problem =
      'build-a.example.net did not answer within 10 s: look at `systemctl status convocate-agent` there';
    return {
      ...stateWith(size, AGENTS, KINDS),
      dialog: { ...SETTINGS_PAGE, problems: new Map([['agent00a', problem]]) },
    };
  },
  wide: (size) => {
    const sessions = [
      sessionAt(1, {
        name: '支付接口-数据库迁移-第二阶段-回滚测试-以及更多',
        dns_name: '支付.lab',
        activity: { state: 'waiting', since: ago(3), detail: '要运行 Bash 吗？' },
      }),
      sessionAt(2, {
        name: 'e\u0301te\u0301-cafe\u0301',
        activity: { state: 'working', since: ago(1), detail: '' },
      }),
      sessionAt(3, { name: '👩‍💻-🚀🚀🚀-🇩🇪', host: 'büro-münchen.example.net' }),
      sessionAt(4, { name: 'bad\u001b[31m\nname\u202e\u0007' }),
    ];
    const state = stateWith(size, [agentAt(0)], sessions, { name: '実験クラスタ' });
    const screen = {
      ...LIVE_SCREEN,
      title: '端末',
      text: '日本語の端末。日本語の端末。日本語の端末。日本語の端末。日本語の端末。日本語の端末。\n👩‍💻 ok\n\u001b]0;evil\u0007\u001b[10;10Hmoved\u001b[?1049l',
    };
    return { ...state, preview: { key: keyOf(sessions[0] ?? WORKING), screen } };
  },
};

function golden(name: string, text: string): string {
  const file = join(FOLDER, `${name}.txt`);
  if (UPDATE) {
    mkdirSync(FOLDER, { recursive: true });
    writeFileSync(file, text);
  }
  return readFileSync(file, 'utf8');
}

describe.each(Object.entries(SCREENS))('%s', (name, make) => {
  it.each(SIZES)('looks as it should at $cols×$rows', (size) => {
    const lines = screenOf(make(size), { color: true });
    const text = `${lines.map((line) => textOf(line).trimEnd()).join('\n')}\n`;
    expect(text).toBe(golden(`${name}-${size.cols}x${size.rows}`, text));
  });

  it.each([
    ...SIZES,
    { cols: 39, rows: 12 },
    { cols: 57, rows: 13 },
    { cols: 121, rows: 16 },
    { cols: 1, rows: 1 },
  ])('fills $cols×$rows exactly, within its width, and is safe to print', (size) => {
    const lines = screenOf(make(size), { color: true });
    expect(lines).toHaveLength(size.rows);
    expect(lines.filter((line) => widthOfLine(line) > size.cols)).toEqual([]);
    const texts = lines.map(textOf);
    // oxlint-disable-next-line no-control-regex -- that there is none is what is checked
    expect(texts.filter((text) => /[\u0000-\u001f\u007f-\u009f\u202a-\u202e]/.test(text))).toEqual([]);
  });

  it.each(SIZES)('uses no more than weight and reversed video where $cols×$rows have no colour', (size) => {
    const styles = screenOf(make(size), { color: false })
      .flat()
      .map(({ style }) =>
        Object.entries(style)
          .filter(([, value]) => value !== undefined)
          .map(([key]) => key),
      );
    expect(styles.flat().filter((key) => key !== 'bold' && key !== 'inverse')).toEqual([]);
  });
});

it('a window that is too small says how large it must be', () => {
  const text = screenOf(kinds({ cols: 39, rows: 12 }), { color: true })
    .map(textOf)
    .join('\n');
  expect(text).toContain('39×12');
  expect(text).toContain('40×12');
  expect(text).toContain('Q quits');
});
