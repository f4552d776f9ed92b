import { expect, test } from 'vitest';
import { RefusedError, UsageError } from '../../base/errors.ts';
import { loginCommand } from './login-command.ts';

test.each<[string, string[]]>([
  ['convocate', []],
  ['convocate ls --json', ['ls', '--json']],
  ['/usr/local/bin/convocate version', ['version']],
  [`convocate send api 'a; rm -rf "$HOME"' --enter`, ['send', 'api', 'a; rm -rf "$HOME"', '--enter']],
])('%s', (command, words) => {
  expect(loginCommand(['-c', command])).toEqual(words);
});

test.each([
  ['scp -t /home/claude', /to copy files/],
  ['/usr/lib/openssh/sftp-server', /to copy files/],
  ['rsync --server -logDtpre.iLsfxCIvu . /tmp', /to copy files/],
  ["git-upload-pack '/srv/x.git'", /to fetch with git/],
  ['bash', /for a shell/],
  ['ls -l', /for a shell/],
  ['/tmp/convocate ls', /for a shell/],
  ['FOO=1 convocate ls', /for a shell/],
  ['', /for a shell/],
])('%j is refused, and what to use instead is said', (command, hint) => {
  const caught = refusalOf(command);
  expect(caught.message).toContain(`nothing else, so not: ${command}`);
  expect(caught.details.hint).toMatch(hint);
  expect(caught.exit).toBe(3);
});

test.each([
  'convocate ls; id',
  'convocate ls | cat',
  'convocate ls $(id)',
  'convocate ls > /tmp/x',
  "convocate 'ls",
])('%s is not given to a shell', (command) => {
  const caught = refusalOf(command);
  expect(caught.message).toMatch(/runs one convocate command, and no shell/);
  expect(caught.exit).toBe(3);
});

test.each([[['-c']], [['-c', 'convocate ls', 'x']]])('%j is no way to call it', (args) => {
  expect(() => loginCommand(args)).toThrow(UsageError);
});

function refusalOf(command: string): RefusedError {
  try {
    loginCommand(['-c', command]);
  } catch (error) {
    if (error instanceof RefusedError) return error;
  }
  throw new Error(`${command} was not refused`);
}
