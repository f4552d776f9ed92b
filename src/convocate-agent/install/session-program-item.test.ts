import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { SettingsFile } from '../sessions/settings-file.ts';
import { sessionProgramItem } from './session-program-item.ts';

/** One that the agent's service sees on a host, and one that it does not. */
let seen: string;
let unseen: string;
beforeEach(() => {
  seen = mkdtempSync('/dev/shm/convocate-program-');
  unseen = mkdtempSync('/tmp/convocate-program-');
});
afterEach(() => {
  for (const directory of [seen, unseen]) rmSync(directory, { recursive: true, force: true });
});

async function check(program: string): Promise<string | undefined> {
  writeFileSync(join(seen, 'settings.json'), JSON.stringify({ session_program: program }));
  return await sessionProgramItem(new SettingsFile(join(seen, 'settings.json'))).check();
}

test('none, a program, and a link to one that the agent sees are well', async () => {
  writeFileSync(join(seen, 'claude-2'), '');
  symlinkSync('claude-2', join(seen, 'claude'));
  expect(await check('')).toBeUndefined();
  expect(await check(join(seen, 'claude-2'))).toBeUndefined();
  expect(await check(join(seen, 'claude'))).toBeUndefined();
});

test('a program that only the host sees is told with where it really lies, and where it should', async () => {
  writeFileSync(join(unseen, 'claude'), '');
  symlinkSync(join(unseen, 'claude'), join(seen, 'claude'));
  const advice = 'no session can be started; install the program itself';
  expect(await check(join(seen, 'claude'))).toContain(
    `${seen}/claude leads to ${unseen}/claude, which the agent does not see: ${advice}`,
  );
  expect(await check(join(unseen, 'claude'))).toContain(`the agent does not see ${unseen}/claude: ${advice}`);
});

test('so is one that is missing, leads nowhere, or lies below the home inside', async () => {
  symlinkSync('nowhere', join(seen, 'claude'));
  expect(await check(join(seen, 'none'))).toContain(`${seen}/none is not there: no session can be started`);
  expect(await check(join(seen, 'claude'))).toContain(`${seen}/claude is a link to what`);
  expect(await check('/home/claude/bin/claude')).toContain('lies in what is the home inside');
});
