// What scripts ask of a running agent: the screen of a session, typing into it, its log, and that it goes on where it was.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Engine, openEngine } from '../../lab/engine.ts';
import { pollUntil } from '../../src/base/deadline.ts';
import { runChecked } from '../../src/base/run-command.ts';
import { LIMITS } from '../../src/protocol/limits.ts';
import { AgentUnderTest } from './support/agent-under-test.ts';
import { ensureSessionImage } from './support/session-image.ts';

let engine: Engine;
let image: string;
let agent: AgentUnderTest;

beforeAll(async () => {
  engine = await openEngine();
  image = await ensureSessionImage(engine.docker);
  agent = new AgentUnderTest(engine, image, "PS1='> ' exec bash --norc");
  await agent.start();
}, 600_000);

afterAll(() => agent[Symbol.asyncDispose](), 60_000);

async function runningSession(): Promise<string> {
  const { uuid: id } = await agent.call('create', { name: 'typed' });
  await agent.call('restart', { id });
  return id;
}

async function shows(id: string, text: string): Promise<void> {
  await pollUntil(async () => ((await agent.call('screen', { id })).text.includes(text) ? true : undefined), {
    timeoutMs: 20_000,
    intervalMs: 100,
    what: `"${text}" on the screen`,
  });
}

async function run(id: string, line: string): Promise<void> {
  await agent.call('send', { id, text: line, keys: ['Enter'] });
}

describe('the screen', { timeout: 60_000 }, () => {
  test('is what an operator would see', async () => {
    const id = await runningSession();
    await run(id, String.raw`clear; printf '\033]2;the title\007\033[31mred\033[0m wörld  \n'`);
    await shows(id, 'red wörld\n>');
    const screen = await agent.call('screen', { id });
    expect(screen).toEqual({
      text: `red wörld\n>${'\n'.repeat(38)}`,
      cols: 120,
      rows: 40,
      title: 'the title',
      cursor: { x: 2, y: 1 },
    });
    const styled = await agent.call('screen', { id, styled: true });
    expect(styled.text).toContain('\u001b[31mred\u001b[39m wörld');

    await run(id, String.raw`clear; printf '\033[?25l'; echo hid""den`);
    await shows(id, 'hidden');
    expect(await agent.call('screen', { id })).not.toHaveProperty('cursor');
  });

  test('with lines above it, as many as are asked for and as fit an answer', async () => {
    const id = await runningSession();
    await run(id, 'clear; seq 1 300; echo do""ne');
    await shows(id, 'done');
    const some = (await agent.call('screen', { id, scrollback: 10 })).text.split('\n');
    expect(some).toHaveLength(50);
    expect(some[0]).toBe('253');

    await run(id, `clear; yes "$(printf 'x%.0s' {1..110})" | head -n 20000; echo a""ll`);
    await shows(id, 'all');
    const answer = await agent.raw(
      JSON.stringify({ op: 'screen', params: { id, scrollback: LIMITS.scrollbackLines } }),
    );
    expect(JSON.stringify(answer).length).toBeGreaterThan(LIMITS.lineBytes * 0.9);
    const { text } = (answer as { result: { text: string } }).result;
    expect(text.split('\n')[0]).toBe('x'.repeat(110));
    expect(text).toContain('\nall\n>');
  });

  test('of a session that does not run is a conflict', async () => {
    const id = await runningSession();
    await agent.call('kill', { id });
    const message = /^conflict: (screen|send): session "typed" \([0-9a-f-]{36}\) is stopped/;
    await expect(agent.call('screen', { id })).rejects.toThrow(message);
    await expect(agent.call('send', { id, text: 'x' })).rejects.toThrow(message);
  });
});

describe('what is sent', { timeout: 60_000 }, () => {
  const awkward = [
    ['a semicolon last', 'a;'],
    ['a backslash and a semicolon', String.raw`a\;`],
    ['a dash first', '-l --'],
    ['the name of a key', 'Enter'],
    ['quotes, variables, formats', String.raw`"$HOME" '#{pane_id}' \n %H #(id) !! ~ {1..3}`],
    ['what is not ASCII', 'grüße 日本語 e\u0301 👩‍👩‍👧'],
    ['several lines', 'one\n\n  two;\nthree\\'],
    ['a last line end', 'one\n'],
    ['spaces at both ends', '  x  '],
    ['a tab', 'a\tb'],
    ['much', Array.from({ length: 1_000 }, (_, index) => `${index} ${'ü'.repeat(25)};`).join('\n')],
    ['one long line', 'y'.repeat(4_000)],
  ] as const;

  test.each(awkward)('comes out byte for byte: %s', async (_what, text) => {
    const id = await runningSession();
    await run(id, 'stty -echo; echo re""ady; cat >got');
    await shows(id, 'ready');
    await agent.call('send', { id, text });
    // Ends the line, and then the input.
    await agent.call('send', { id, keys: ['Enter', 'C-d'] });
    await run(id, 'echo re""ad');
    await shows(id, 'read\n');
    expect(readFileSync(join(agent.homes, id, 'got'), 'utf8')).toBe(`${text}\n`);
    await agent.call('delete', { id });
  });

  test('several lines reach a program that asks for it as one paste: nothing is run before Enter', async () => {
    const id = await runningSession();
    await shows(id, '>'); // only at its prompt does bash ask for brackets
    await agent.call('send', { id, text: 'echo fir""st\necho sec""ond' });
    await shows(id, 'echo sec""ond');
    expect((await agent.call('screen', { id })).text).not.toContain('first');
    await agent.call('send', { id, keys: ['Enter'] });
    await shows(id, 'first\nsecond');
  });

  test('reaches the program while somebody scrolls back', async () => {
    const id = await runningSession();
    const operator = await agent.attach({ id });
    await run(id, 'seq 1 100');
    await operator.shows('100');
    operator.type('\u0002[');
    await operator.shows('[0/');
    await run(id, 'echo thr""ough');
    await operator.shows('through');
    operator.close();
  });

  test.each([
    'Escape',
    'Up',
    'C-a',
    'M-x',
    'F12',
    'BTab',
    'DC',
    'IC',
    'PgUp',
    'NPage',
    'S-Left',
    'C-M-Right',
    '^A',
    '-',
    ';',
    '/',
  ])('the key %s is pressed and not typed', async (key) => {
    const id = await runningSession();
    await run(
      id,
      'stty raw -echo; printf "re"; echo ady; dd bs=1 count=1 2>/dev/null >got; stty sane; echo ta""ken',
    );
    await shows(id, 'ready');
    await agent.call('send', { id, keys: [key] });
    await shows(id, 'taken');
    const [first] = readFileSync(join(agent.homes, id, 'got'));
    const expected = key.length === 1 ? key.charCodeAt(0) : ['C-a', '^A'].includes(key) ? 0x01 : 0x1b;
    expect(first).toBe(expected);
    await agent.call('delete', { id });
  });

  test('with a key that is none is refused, and is not in the log of changes', async () => {
    const id = await runningSession();
    await shows(id, '>'); // what is typed before its prompt bash shows twice
    await expect(agent.call('send', { id, text: 'top secret', keys: ['Retrun'] })).rejects.toThrow(
      /^bad_request: params\.keys: tmux knows no key "Retrun"/,
    );
    await agent.call('send', { id, text: 'top secret' });
    expect((await agent.call('screen', { id })).text.match(/top secret/g)).toHaveLength(1);
    const log = readFileSync(agent.logFile, 'utf8');
    expect(log).toContain(`"op":"send","session":"${id}","outcome":"done"`);
    expect(log).not.toContain('top secret');
  });
});

describe('the log', { timeout: 60_000 }, () => {
  test('tells how a session began and ended, and what it showed last', async () => {
    const id = await runningSession();
    await run(id, 'echo last wor""ds; exit 7');
    await agent.until(id, (session) => !session.running);
    const { text, truncated } = await agent.call('logs', { id });
    expect(text).toMatch(/^\d{4}-\S+Z convocate-session: start: uid/);
    expect(text).toContain('convocate-session: | last words\n');
    expect(text).toMatch(/Z convocate-session: end: the command ended \(exit code 7\)$/);
    expect(truncated).toBe(false);
    const short = await agent.call('logs', { id, tail: 1 });
    expect(short).toEqual({ text: text.split('\n').at(-1), truncated: true });
  });

  test('however much somebody writes into it, an answer has its end', async () => {
    const id = await runningSession();
    const line = 'x'.repeat(4_000);
    await run(
      id,
      `sudo bash -c 'yes ${line} | head -n 2000 >/proc/$(pgrep -xo entrypoint)/fd/1'; echo writ""ten`,
    );
    await shows(id, 'written');
    const answer = await agent.call('logs', { id, tail: LIMITS.logLines });
    expect(answer.truncated).toBe(true);
    expect(answer.text.length).toBeGreaterThan(LIMITS.lineBytes * 0.9);
    expect(answer.text.split('\n').at(0)).toMatch(/^\d{4}-\S+Z x{4000}$/);
  });

  test('of a session that never ran: there is none', async () => {
    const { uuid: id } = await agent.call('create', { name: 'new' });
    await expect(agent.call('logs', { id })).rejects.toThrow(
      /^conflict: logs: session "new" .* has never run/,
    );
  });
});

test('a home that lost its metadata is shown, and had back by a clone', { timeout: 60_000 }, async () => {
  const id = '5f0c7c4e-1111-4222-8333-444455556666';
  mkdirSync(join(agent.homes, id));
  writeFileSync(join(agent.homes, id, 'work'), 'done');
  await runChecked(['chown', '-R', '1337:1337', join(agent.homes, id)]);
  expect(await agent.call('list', null)).toContainEqual(expect.objectContaining({ uuid: id, orphan: true }));
  await expect(agent.call('restart', { id })).rejects.toThrow(
    /^conflict: restart: .* is only a home .*"clone"/,
  );
  const attach = await agent.attach({ id });
  expect(await attach.closed).toBe(1);
  expect(attach.screen).toMatch(/is only a home/);
  const { uuid: copy } = await agent.call('clone', { source_id: id, name: 'back' });
  await agent.call('restart', { id: copy });
  await run(copy, 'cat work; echo "" sti""ll');
  await shows(copy, 'done still');
  await agent.call('delete', { id });
  await expect(agent.call('get', { id })).rejects.toThrow(/^not_found/);
});

test('a session with a conversation goes on with it after a restart', { timeout: 60_000 }, async () => {
  await agent.call('settings-set', { resume_command: "echo goes o''n; exec bash --norc" });
  try {
    const id = await runningSession();
    await run(id, 'echo be""gun');
    await shows(id, 'begun');
    const place = '.claude/projects/-home-claude';
    const line = '{"type":"user","isSidechain":false,"message":{"role":"user","content":"hi"}}';
    await run(id, `mkdir -p ${place}; echo '${line}' >${place}/a.jsonl; echo sa""id`);
    await shows(id, 'said');
    await agent.call('kill', { id });
    await agent.call('restart', { id });
    await shows(id, 'goes on');
    expect(readFileSync(agent.logFile, 'utf8')).toContain(
      `"session":"${id}","start":"resume","why":"its home holds a conversation"`,
    );
  } finally {
    await agent.call('settings-set', { resume_command: '' });
  }
});
