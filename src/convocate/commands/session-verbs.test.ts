import { afterEach, beforeEach, expect, test } from 'vitest';
import { ScriptedService, sessionView } from './scripted-service-fixture.ts';

const api = sessionView();
let service: ScriptedService;

beforeEach(async () => {
  service = await ScriptedService.start();
});
afterEach(() => service[Symbol.asyncDispose]());

test.each([
  ['kill', 'killed'],
  ['restart', 'restarted'],
  ['background', 'detached everyone from'],
  ['override', 'cleared the lock of'],
])('%s says what it did, and with --json how the session is after it', async (verb, done) => {
  service.answers.set(verb, () => null).set('get', () => ({ ...api, running: false }));
  expect(await service.run(verb, 'api')).toEqual({
    exitCode: 0,
    stdout: `${done} api (${api.uuid}) on one\n`,
    stderr: '',
  });
  const { exitCode, stdout } = await service.run(verb, '11111111', '--agent', 'one', '--json');
  expect(exitCode).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ uuid: api.uuid, running: false });
  const params = { id: api.uuid };
  expect(service.calls).toEqual([
    { op: verb, params },
    { op: verb, params },
    { op: 'get', params },
  ]);
});

test('rm --json gives the session as it was', async () => {
  service.answers.set('delete', () => null);
  const { stdout } = await service.run('rm', 'api', '--yes', '--json');
  expect(JSON.parse(stdout)).toEqual(api);
});

test('a refusal is one JSON object on stderr with its exit code, and nothing on stdout', async () => {
  service.answers.set('kill', () => {
    throw new Error('no such\u001b[2J session');
  });
  const { exitCode, stdout, stderr } = await service.run('kill', 'api', '--json');
  expect({ exitCode, stdout }).toEqual({ exitCode: 3, stdout: '' });
  expect(JSON.parse(stderr)).toMatchObject({ error: 'no such\u001b[2J session', exit: 3 });
  expect((await service.run('kill', 'api')).stderr).toContain('error: no such session\n');
});
