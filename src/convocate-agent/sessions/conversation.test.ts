import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { runChecked } from '../../base/run-command.ts';
import { holdsConversation } from './conversation.ts';

const USER = JSON.stringify({
  type: 'user',
  isSidechain: false,
  message: { role: 'user', content: 'hello' },
});
const SUMMARY = JSON.stringify({ type: 'summary', summary: 'something' });
const SUB_AGENT = USER.replace('"isSidechain":false', '"isSidechain":true');

let home: string;
let place: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'convocate-conversation-'));
  place = join(home, '.claude/projects/-home-claude');
  mkdirSync(place, { recursive: true });
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

function write(name: string, ...lines: string[]): void {
  writeFileSync(join(place, name), lines.map((line) => `${line}\n`).join(''));
}

describe('a home holds a conversation', () => {
  test('where a person has said something', async () => {
    write('a.jsonl', SUMMARY);
    write('b.jsonl', SUMMARY, USER);
    expect(await holdsConversation(home)).toBe(true);
  });

  test('also with something large before it', async () => {
    write('a.jsonl', JSON.stringify({ type: 'file-history-snapshot', text: 'x'.repeat(3_000_000) }), USER);
    expect(await holdsConversation(home)).toBe(true);
  });

  test('where all that a person said came with a picture, of which no more is parsed than a little', async () => {
    const picture = { type: 'image', source: { type: 'base64', data: 'x'.repeat(3_000_000) } };
    const said = { role: 'user', content: [picture, { type: 'text', text: 'what is this?' }] };
    write('a.jsonl', SUMMARY, JSON.stringify({ isSidechain: false, type: 'user', message: said, uuid: 'u' }));
    const parse = vi.spyOn(JSON, 'parse');
    expect(await holdsConversation(home)).toBe(true);
    const longest = Math.max(...parse.mock.calls.map(([text]) => text.length));
    parse.mockRestore();
    expect(longest).toBeLessThan(300_000);
  });
});

describe('a home holds none', () => {
  test('in more lines than are looked at, of which few are parsed', async () => {
    write('a.jsonl', ...Array<string>(60_000).fill('{"type":"user'), USER);
    const parse = vi.spyOn(JSON, 'parse');
    expect(await holdsConversation(home)).toBe(false);
    expect(parse).not.toHaveBeenCalled();
    parse.mockRestore();
  });

  test.each([
    ['a file without a line', 'a.jsonl', []],
    ['a summary alone', 'a.jsonl', [SUMMARY]],
    ['only what sub-agents were told', 'a.jsonl', [SUB_AGENT]],
    ['lines that are no JSON', 'a.jsonl', ['{"type":"user"', 'null', '[]']],
    ['a file of another kind', 'a.json', [USER]],
  ])('with %s', async (_what, name, lines) => {
    write(name, ...lines);
    expect(await holdsConversation(home)).toBe(false);
  });

  test('with a line that was cut off', async () => {
    writeFileSync(join(place, 'a.jsonl'), USER);
    expect(await holdsConversation(home)).toBe(false);
  });

  test('without the directory, and without the home', async () => {
    rmSync(place, { recursive: true });
    expect(await holdsConversation(home)).toBe(false);
    expect(await holdsConversation(join(home, 'none'))).toBe(false);
  });

  test('where what looks like a conversation is a link, a directory or a pipe that nobody writes to', async () => {
    writeFileSync(join(home, 'elsewhere'), `${USER}\n`);
    symlinkSync(join(home, 'elsewhere'), join(place, 'a.jsonl'));
    mkdirSync(join(place, 'b.jsonl'));
    await runChecked(['mkfifo', join(place, 'c.jsonl')]);
    expect(await holdsConversation(home)).toBe(false);
  });

  test.each(['.claude', '.claude/projects', '.claude/projects/-home-claude'])(
    'where %s is a link to one that does',
    async (name) => {
      write('a.jsonl', USER);
      const target = join(home, 'moved');
      await runChecked(['mv', join(home, name), target]);
      symlinkSync(target, join(home, name));
      expect(await holdsConversation(home)).toBe(false);
    },
  );
});
