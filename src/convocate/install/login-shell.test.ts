import { expect, test } from 'vitest';
import { shellOf, withShell } from './login-shell.ts';

const SHELL = '/usr/local/bin/convocate';

test.each([
  ['', `${SHELL}\n`],
  ['# shells\n/bin/sh\n', `# shells\n/bin/sh\n${SHELL}\n`],
  ['/bin/sh', `/bin/sh\n${SHELL}\n`],
  [`#${SHELL}\n${SHELL}-old\n`, `#${SHELL}\n${SHELL}-old\n${SHELL}\n`],
])('%j gets one line more', (text, expected) => {
  expect(withShell(text, SHELL)).toBe(expected);
  expect(withShell(expected, SHELL)).toBeUndefined();
});

test('the shell of an entry is its last field', () => {
  expect(shellOf(`claude:x:1337:1337:The operators:/home/claude:${SHELL}\n`)).toBe(SHELL);
  expect(shellOf('claude:x:1337:1337::/home/claude:\n')).toBe('');
});
