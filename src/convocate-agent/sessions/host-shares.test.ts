import { lstatSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { DEFAULT_SETTINGS } from '../../protocol/agent-settings.ts';
import { type AgentFixture, makeAgentFixture } from './agent-fixture.ts';
import { hostShares } from './host-shares.ts';

let fixture: AgentFixture;
beforeEach(() => {
  fixture = makeAgentFixture();
  mkdirSync(fixture.path('homes/h'));
});
afterEach(() => fixture[Symbol.dispose]());

async function targets(change: Partial<typeof DEFAULT_SETTINGS> = {}): Promise<string[]> {
  const settings = { ...DEFAULT_SETTINGS, session_program: fixture.path('program'), ...change };
  const { paths, owner } = fixture.agent;
  const mounts = await hostShares(settings, paths, fixture.path('homes/h'), owner);
  return mounts.map(({ target, readOnly }) => `${target} ${readOnly ? 'ro' : 'rw'}`);
}

function shareAll(): void {
  fixture.write('program', '');
  fixture.write('homes/.gitconfig', '');
  mkdirSync(fixture.path('homes/.claude'));
  mkdirSync(fixture.path('homes/.ssh'));
}

test('what does not exist on the host is not shared', async () => {
  expect(await targets({ session_program: '' })).toEqual([]);
});

test('a session program that is set and cannot be shown is refused, with its path and what to do', async () => {
  symlinkSync('/root/somewhere/claude', fixture.path('link'));
  mkdirSync(fixture.path('directory'));
  const faults = {
    [fixture.path('program')]: 'is not there',
    [fixture.path('link')]: 'is a link to what the agent does not see',
    [fixture.path('directory')]: 'is not a file',
    '/home/claude/bin/claude': 'lies in what is the home inside of a session',
    '/usr/..//home/claude/.claude': 'lies in what is the home inside of a session',
  };
  for (const [path, fault] of Object.entries(faults)) {
    const refused = expect(targets({ session_program: path })).rejects;
    await refused.toMatchObject({
      code: 'refused',
      message: expect.stringMatching(
        new RegExp(`${path} ${fault}\\. .*install the program itself.*set session_program`),
      ),
    });
  }
});

test('a link to a program that the agent sees is shown where the link is', async () => {
  fixture.write('real', '');
  symlinkSync(fixture.path('real'), fixture.path('program'));
  expect(await targets()).toEqual([`${fixture.path('program')} ro`]);
});

test('program, git configuration and Claude directory are shared read-only, keys are not', async () => {
  shareAll();
  expect(await targets()).toEqual([
    `${fixture.path('program')} ro`,
    '/home/claude/.gitconfig ro',
    '/home/claude/.claude-shared ro',
  ]);
  expect(lstatSync(fixture.path('homes/h/.gitconfig')).isFile()).toBe(true);
  expect(lstatSync(fixture.path('homes/h/.claude-shared')).isDirectory()).toBe(true);
});

test('keys by setting only; the Docker socket by profile only', async () => {
  shareAll();
  expect(await targets({ share_ssh: true, profile: 'docker', session_program: '' })).toEqual([
    '/home/claude/.gitconfig ro',
    '/home/claude/.claude-shared ro',
    '/home/claude/.ssh ro',
    '/var/run/docker.sock rw',
  ]);
});

test('a link that a session left in the place of a mount is not followed', async () => {
  shareAll();
  fixture.write('victim', 'untouched');
  symlinkSync(fixture.path('victim'), fixture.path('homes/h/.gitconfig'));
  writeFileSync(fixture.path('homes/h/.claude-shared'), 'a file, not a directory');
  expect(await targets()).toEqual([`${fixture.path('program')} ro`]);
});
