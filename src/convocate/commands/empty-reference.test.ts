import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { VERBS } from '../verbs.ts';
import { ScriptedService, sessionView } from './scripted-service-fixture.ts';

vi.mock('../attach/own-terminal.ts', async (original) => ({
  ...(await original<typeof import('../attach/own-terminal.ts')>()),
  requireTerminal: () => {},
}));

/** Of every verb that names a session, a line in which the name is a variable that was never set. */
const LINES: Readonly<Record<string, readonly string[]>> = {
  attach: ['attach', ''],
  send: ['send', '', 'yes', '--enter'],
  screen: ['screen', ''],
  logs: ['logs', ''],
  explain: ['explain', ''],
  wait: ['wait', '', '--for', 'stopped'],
  events: ['events', '--session', '', '--timeout', '0'],
  kill: ['kill', ''],
  restart: ['restart', ''],
  background: ['background', ''],
  override: ['override', ''],
  edit: ['edit', '', '--name', 'other'],
  clone: ['clone', '', 'copy'],
  rm: ['rm', '', '--yes'],
};
const NAMES_NONE = ['tui', 'ls', 'new', 'settings', 'completion', 'install', 'status-serve', 'version'];

let service: ScriptedService;

beforeEach(async () => {
  service = await ScriptedService.start();
  // It has no name, so that an empty one would fit.
  service.sessions = [sessionView({ name: '', running: false, orphan: true })];
});
afterEach(() => service[Symbol.asyncDispose]());

test('every verb is known here', () => {
  const verbs = VERBS.map(([name]) => name).toSorted();
  expect([...Object.keys(LINES), ...NAMES_NONE].toSorted()).toEqual(verbs);
});

test.each(Object.values(LINES))('%s %j is bad usage, and no agent is asked', async (...words) => {
  const { exitCode, stdout, stderr } = await service.run(...words, '--agent', 'one');
  expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
  expect(stderr).toMatch(/^error: no session is named: the word for it is empty\n {2}next: +give its UUID/);
  expect(service.calls).toEqual([]);
});
