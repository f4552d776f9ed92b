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

test.each([
  [['kill', 'api'], 'killed api'],
  [['restart', 'api'], 'restarted api'],
  [['background', 'api'], 'detached everyone from api'],
  [['override', 'api'], 'cleared the lock of api'],
  [['send', 'api', 'yes', '--enter'], 'sent to api'],
  [['new', 'api', '--start'], 'created and started api'],
])(
  '%j --json that was done and cannot be shown is no refusal: it must not be repeated',
  async (words, done) => {
    for (const op of ['kill', 'restart', 'background', 'override', 'send'])
      service.answers.set(op, () => null);
    service.answers.set('create', () => api);
    service.answers.set('get', () => {
      throw new Error('no such session');
    });
    const { exitCode, stdout, stderr } = await service.run(...words, '--json');
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' });
    expect(JSON.parse(stderr)).toMatchObject({
      error: `${done} (${api.uuid}) on one, but it could not be shown: no such session`,
      kind: 'OperationError',
      hint: expect.stringContaining('do not repeat it') as string,
    });
  },
);

test('new --start asks for the session only where it is to be printed', async () => {
  service.answers.set('create', () => api).set('restart', () => null);
  expect((await service.run('new', 'api', '--start')).stdout).toBe(
    `created and started api (${api.uuid}) on one\n`,
  );
  expect(service.calls.map(({ op }) => op)).toEqual(['create', 'restart']);
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
