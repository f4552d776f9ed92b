import { expect, test } from 'vitest';
import { parseAssignments } from './settings.ts';

test('values get the type their setting has', () => {
  expect(
    parseAssignments(['pids_limit=500', 'share_ssh=true', 'session_command=claude --continue a=b']),
  ).toEqual({
    pids_limit: 500,
    share_ssh: true,
    session_command: 'claude --continue a=b',
  });
  expect(parseAssignments(['resume_command='])).toEqual({ resume_command: '' });
  expect(parseAssignments([])).toEqual({});
});

test.each([
  [['pids_limit'], 'not NAME=VALUE: "pids_limit"'],
  [['colour=red'], /Unrecognized key|colour/],
  [['pids_limit=1'], /settings\.pids_limit/],
  [['profile=root'], /settings\.profile/],
  [['session_program=bin/claude'], 'settings.session_program: must be an absolute path'],
  [
    ['session_program=/root/claude'],
    /settings\.session_program: install .* at \/usr\/local\/bin\/claude or below \/opt/,
  ],
])('%j is refused in words', (assignments, message) => {
  expect(() => parseAssignments(assignments)).toThrow(message);
});
