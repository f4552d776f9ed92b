import { expect, test } from 'vitest';
import { DEFAULT_SETTINGS } from '../../protocol/agent-settings.ts';
import type { ContainerFacts } from '../docker/docker.ts';
import { foreignContainer } from './agent-fixture.ts';
import { chooseCommand } from './choose-command.ts';

const settings = { ...DEFAULT_SETTINGS, session_command: 'begin', resume_command: 'go on' };

function last(change: Partial<ContainerFacts>): ContainerFacts {
  return foreignContainer({
    labels: { 'convocate.start': 'resume' },
    running: false,
    endedAt: '2026-01-01T00:00:02Z',
    exitCode: 1,
    ...change,
  });
}

test.each([
  ['never ran', false, undefined, 'begin'],
  ['ran without a conversation', false, last({ exitCode: 143 }), 'begin'],
  ['holds a conversation, its container is gone', true, undefined, 'go on'],
  ['was stopped', true, last({ exitCode: 143 }), 'go on'],
  ['lost power while it was starting', true, last({ exitCode: 255 }), 'go on'],
  ['ended well', true, last({ exitCode: 0 }), 'go on'],
  ['ended in error after a while', true, last({ endedAt: '2026-01-01T00:05:00Z' }), 'go on'],
  ['ended in error after its first start', true, last({ labels: {} }), 'go on'],
  ['ran out of memory', true, last({ oomKilled: true }), 'go on'],
  ['could not go on the last time', true, last({}), 'begin'],
])('a session that %s', (_what, holdsConversation, before, command) => {
  expect(chooseCommand(settings, holdsConversation, before).command).toBe(command);
});

test('without a resume command Claude Code goes on, and any other command is run again', () => {
  expect(chooseCommand(DEFAULT_SETTINGS, true, undefined)).toMatchObject({
    start: 'resume',
    command: '/usr/local/bin/claude --continue',
  });
  expect(chooseCommand({ ...settings, resume_command: '' }, true, undefined)).toMatchObject({
    start: 'resume',
    command: 'begin',
  });
});
