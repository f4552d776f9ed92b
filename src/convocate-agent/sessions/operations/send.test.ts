import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ExecCommand } from '../../docker/docker.ts';
import { type AgentFixture, makeAgentFixture, sessionThatIs } from '../agent-fixture.ts';
import { getSession } from '../describe-session.ts';
import { sendToSession } from './send.ts';

let fixture: AgentFixture;
let id: string;
let sent: ExecCommand[];
beforeEach(async () => {
  fixture = makeAgentFixture();
  id = await sessionThatIs(fixture, 'running');
  sent = [];
  fixture.docker.script('timeout', (command) => {
    sent.push(command);
    return { exitCode: 0, output: '' };
  });
});
afterEach(() => fixture[Symbol.dispose]());

/** What tmux is told, less its own flags and the way out of a mode that is always first. */
async function commandsFor(params: { text?: string; keys?: string[] }): Promise<string[][]> {
  await sendToSession(fixture.agent, { id, ...params });
  return sent.map(({ argv }) => {
    expect(argv.slice(8, 13)).toEqual(['copy-mode', '-q', '-t', '=session:', ';']);
    return argv.slice(13);
  });
}

const ENTER = (...flags: string[]): string[] => [
  ...['load-buffer', '-b', 'convocate-send', '-', ';'],
  ...['paste-buffer', ...flags, '-d', '-b', 'convocate-send', '-t', '=session:'],
];

describe('text', () => {
  test.each(['ls -l', '-x', ';', 'Enter', 'grüße 😀', 'x'.repeat(5_000)])(
    'of one line is typed: %j',
    async (text) => {
      expect(await commandsFor({ text })).toEqual([ENTER()]);
      expect(sent[0]?.input).toBe(text);
    },
  );

  test.each(['a\nb', 'a\n', 'tab\there', '\u0003'])('of another kind is pasted: %j', async (text) => {
    expect(await commandsFor({ text })).toEqual([ENTER('-p')]);
    expect(sent[0]?.input).toBe(text);
  });

  test('is in no argv', async () => {
    await commandsFor({ text: 'secret' });
    expect(fixture.docker.calls.join()).not.toContain('secret');
  });

  test('a line end of two characters is one Enter', async () => {
    await commandsFor({ text: 'a\r\nb' });
    expect(sent[0]?.input).toBe('a\nb');
  });

  test('what comes back is read no further than tmux has to say', async () => {
    fixture.docker.script('timeout', { exitCode: 0, output: 'y\n'.repeat(64 * 1024) });
    await expect(sendToSession(fixture.agent, { id, text: 'a' })).rejects.toMatchObject({ code: 'docker' });
  });

  test('nothing is nothing', async () => {
    expect(await commandsFor({ text: '', keys: [] })).toEqual([]);
  });
});

describe('keys', () => {
  test('come after the text, on their own', async () => {
    expect(await commandsFor({ text: 'ls', keys: ['Enter', 'C-c'] })).toEqual([
      ENTER(),
      ['send-keys', '-t', '=session:', '--', 'Enter', 'C-c'],
    ]);
  });

  test('may be any single character: none is taken for an option, nor for the end of the command', async () => {
    const keys = Array.from({ length: 94 }, (_, index) => String.fromCharCode(0x21 + index));
    expect(await commandsFor({ keys: [...keys, 'M-;'] })).toEqual([
      [...['send-keys', '-t', '=session:', '--'], ...keys.map((key) => (key === ';' ? '\\;' : key)), 'M-\\;'],
    ]);
  });

  test('in pieces that tmux can take', async () => {
    const commands = await commandsFor({ keys: Array.from({ length: 1_000 }, () => 'C-M-S-PageDown') });
    for (const command of commands) expect(command.join(' ').length).toBeLessThan(16_000);
    expect(commands.flat().filter((word) => word === 'C-M-S-PageDown')).toHaveLength(1_000);
  });

  test('with a name that tmux does not know: nothing at all is sent', async () => {
    await expect(
      sendToSession(fixture.agent, { id, text: 'ls', keys: ['Enter', 'Return'] }),
    ).rejects.toMatchObject({ code: 'bad_request', message: expect.stringMatching(/no key "Return"/) });
    expect(sent).toEqual([]);
  });
});

test('two at the same time do not mix', async () => {
  await Promise.all([
    sendToSession(fixture.agent, { id, text: 'one', keys: ['Enter'] }),
    sendToSession(fixture.agent, { id, text: 'two', keys: ['Enter'] }),
  ]);
  expect([
    ['one', 'Enter', 'two', 'Enter'],
    ['two', 'Enter', 'one', 'Enter'],
  ]).toContainEqual(sent.map(({ input, argv }) => input ?? argv.at(-1)));
});

test('it counts as a use of the session', async () => {
  await fixture.agent.store.update(id, (stored) => ({ ...stored, last_accessed: '' }));
  await sendToSession(fixture.agent, { id, text: 'x' });
  expect((await getSession(fixture.agent, id)).last_accessed).toBe('2026-01-02T03:04:05.000Z');
});
