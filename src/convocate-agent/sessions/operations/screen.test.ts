import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { LIMITS } from '../../../protocol/limits.ts';
import type { ExecCommand } from '../../docker/docker.ts';
import { type AgentFixture, containerOf, makeAgentFixture, sessionThatIs } from '../agent-fixture.ts';
import { readScreen, screenFrom } from './screen.ts';

let fixture: AgentFixture;
beforeEach(() => {
  fixture = makeAgentFixture();
});
afterEach(() => fixture[Symbol.dispose]());

describe('the answer of tmux', () => {
  test('is the screen, its empty lines too, and a line about it', () => {
    expect(screenFrom('$ ls\na  b\n\n\n80 4 1 2 1 a title with spaces\n')).toEqual({
      text: '$ ls\na  b\n\n',
      cols: 80,
      rows: 4,
      title: 'a title with spaces',
      cursor: { x: 2, y: 1 },
    });
  });

  test('may have no title, and a cursor that is hidden', () => {
    expect(screenFrom('80 24 1 2 1 80\n120 1 0 0 0 \n')).toEqual({
      text: '80 24 1 2 1 80',
      cols: 120,
      rows: 1,
      title: '',
    });
  });

  test('of more than a line of the wire holds is cut at its top, escape sequences counted as they are sent', () => {
    const line = `\u001b[31m${'x'.repeat(90)}\u001b[39m`;
    const all = Array.from({ length: 20_000 }, (_, index) => `${index} ${line}`);
    const screen = screenFrom(`${all.join('\n')}\n80 24 1 0 0 ${'t'.repeat(5000)}\n`);
    expect(Buffer.byteLength(JSON.stringify({ ok: true, result: screen }))).toBeLessThan(LIMITS.lineBytes);
    const kept = screen.text.split('\n');
    expect(kept.length).toBeGreaterThan(5_000);
    expect(kept).toEqual(all.slice(-kept.length));
    expect(screen.title.length).toBe(256);
  });

  test.each(['', 'x\n', 'a b c d e f\n'])('that cannot be understood (%j) is said to be so', (output) => {
    expect(() => screenFrom(output)).toThrow('no answer that can be understood');
  });
});

describe('asking for it', () => {
  test('says what Docker said where Docker does not tell of the container either, before the shell gives up', async () => {
    const id = await sessionThatIs(fixture, 'running');
    fixture.docker.failNext('exec', 'Docker gave no answer');
    const tells = fixture.docker.holdNext('inspectContainer');
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const error = readScreen(fixture.agent, { id }).catch((reason: unknown) => reason);
    while (vi.getTimerCount() === 0) await new Promise((resolve) => setImmediate(resolve));
    await vi.advanceTimersByTimeAsync(LIMITS.readCallMs - 2_000);
    expect(await error).toMatchObject({ message: 'Docker gave no answer' });
    tells();
    vi.useRealTimers();
  });

  test('takes one command in the container', async () => {
    const id = await sessionThatIs(fixture, 'running');
    const seen: ExecCommand[] = [];
    fixture.docker.script('timeout', (command) => {
      seen.push(command);
      return { exitCode: 0, output: '80 24 1 0 0 \n' };
    });
    await readScreen(fixture.agent, { id, scrollback: 100, styled: true });
    expect(seen).toHaveLength(1);
    expect(seen[0]).toMatchObject({ user: 'claude', keepBytes: LIMITS.lineBytes });
    expect(seen[0]?.timeoutMs).toBeLessThan(LIMITS.readCallMs);
    expect(seen[0]?.argv.slice(0, 4)).toEqual(['timeout', '--kill-after', '1', '8']);
    const [commands] = [seen[0]?.argv.slice(8).join(' ')];
    expect(commands).toMatch(/^capture-pane -p -e -S -100 -t =session: ; display-message -p -t =session: #/);
  });

  test.each([
    [0, 5 * 1024 * 1024],
    [100, 6 * 1024 * 1024],
  ])('with %i lines above it reads no more than such a terminal can show', async (scrollback, printed) => {
    const id = await sessionThatIs(fixture, 'running');
    fixture.docker.script('timeout', { exitCode: 0, output: 'y'.repeat(printed) });
    await expect(readScreen(fixture.agent, { id, scrollback })).rejects.toMatchObject({ code: 'docker' });
  });

  test('of a session that has ended unseen says how it ended', async () => {
    const id = await sessionThatIs(fixture, 'running');
    fixture.docker.script('timeout', () => ({ exitCode: 0, output: '' }));
    fixture.docker.end(containerOf(id), 137, { oomKilled: true });
    await expect(readScreen(fixture.agent, { id })).rejects.toMatchObject({
      code: 'conflict',
      message: 'the session ended with exit code 137, out of memory',
    });
  });

  test('waits for a terminal that is coming up', async () => {
    const id = await sessionThatIs(fixture, 'running');
    let tries = 0;
    fixture.docker.script('timeout', () => {
      tries += 1;
      if (tries < 3) return { exitCode: 1, output: 'error connecting to /run/x (No such file or directory)' };
      return { exitCode: 0, output: 'up\n80 24 1 0 0 \n' };
    });
    expect(await readScreen(fixture.agent, { id })).toMatchObject({ text: 'up' });
  });

  test('what tmux refuses reaches the operator', async () => {
    const id = await sessionThatIs(fixture, 'running');
    fixture.docker.script('timeout', { exitCode: 1, output: 'unknown command: capture-pane' });
    await expect(readScreen(fixture.agent, { id })).rejects.toMatchObject({
      code: 'conflict',
      message: 'the terminal of the session does not answer: unknown command: capture-pane',
    });
  });
});
