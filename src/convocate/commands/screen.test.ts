import { afterEach, beforeEach, expect, test } from 'vitest';
import { ScriptedService, sessionView } from './scripted-service-fixture.ts';

const id = sessionView().uuid;
const screen = {
  text: '\u001b[31mred\u001b[0m\u001b[2J\nend',
  cols: 80,
  rows: 24,
  title: '\u001b]0;x\u0007',
};
let service: ScriptedService;

beforeEach(async () => {
  service = await ScriptedService.start();
  service.answers.set('screen', () => screen);
  service.answers.set('logs', () => ({ text: 'one\r\n\u001b[1mtwo\n', truncated: true }));
});
afterEach(() => service[Symbol.asyncDispose]());

test('plain text by default, colours and nothing else with --styled, everything in JSON', async () => {
  expect((await service.run('screen', 'api')).stdout).toBe('red\nend\n');
  expect((await service.run('screen', 'api', '--styled')).stdout).toBe(
    '\u001b[31mred\u001b[0m\nend\u001b[0m\n',
  );
  const { stdout } = await service.run('screen', 'api', '--json', '--scrollback', '100');
  expect(stdout).not.toContain('\u001b');
  expect(JSON.parse(stdout)).toEqual(screen);
  expect(service.calls.map(({ params }) => params)).toEqual([
    { id },
    { id, styled: true },
    { id, scrollback: 100 },
  ]);
});

test.each(['-1', '50001', 'all'])('--scrollback %s is bad usage', async (lines) => {
  const { exitCode, stderr } = await service.run('screen', 'api', `--scrollback=${lines}`);
  expect(exitCode).toBe(2);
  expect(stderr).toContain('give a number from 0 to 50000');
});

test('logs are lines of plain text; that older ones are missing is said where nobody asked for it', async () => {
  expect(await service.run('logs', 'api')).toEqual({
    exitCode: 0,
    stdout: 'one\ntwo\n',
    stderr: 'older lines were left out\n',
  });
  expect((await service.run('logs', 'api', '--tail', '2')).stderr).toBe('');
  expect(JSON.parse((await service.run('logs', 'api', '--json')).stdout)).toMatchObject({ truncated: true });
  expect(service.calls.map(({ params }) => params)).toEqual([{ id }, { id, tail: 2 }, { id }]);
});
