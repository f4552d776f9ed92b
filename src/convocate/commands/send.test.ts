import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ScriptedService, sessionView } from './scripted-service-fixture.ts';
import { readText } from './send.ts';

const id = sessionView().uuid;
let service: ScriptedService;

beforeEach(async () => {
  service = await ScriptedService.start();
  service.answers.set('send', () => null);
});
afterEach(() => service[Symbol.asyncDispose]());

test.each<[string[], Record<string, unknown>]>([
  [['hello', 'you'], { text: 'hello you' }],
  [['yes', '--enter'], { text: 'yes', keys: ['Enter'] }],
  [['--key', 'Up', '--enter', '--key', 'C-c'], { keys: ['Up', 'C-c', 'Enter'] }],
  [['--key', '/', '--key', ';', '--key', '-', '--key', 'C-]'], { keys: ['/', ';', '-', 'C-]'] }],
  [['--', '--json', ' x'], { text: '--json  x' }],
])('%j sends %j', async (words, params) => {
  const { exitCode, stdout } = await service.run('send', 'api', ...words);
  expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: `sent to api (${id}) on one\n` });
  expect(service.calls).toEqual([{ op: 'send', params: { id, ...params } }]);
});

test.each<[string[], RegExp]>([
  [[], /nothing to send/],
  [['text', '--stdin'], /text and --stdin exclude each other/],
  [['--key', 'Enter; rm'], /send\.keys\.0: must be a key by its tmux name/],
  [['x'.repeat(65_537)], /send\.text/],
])('%j is bad usage, and nobody is asked', async (words, says) => {
  const { exitCode, stderr } = await service.run('send', 'api', ...words);
  expect(exitCode).toBe(2);
  expect(stderr).toMatch(says);
  expect(service.calls).toEqual([]);
});

describe('standard input', () => {
  async function* input(...chunks: (string | Buffer)[]): AsyncGenerator<string | Buffer> {
    yield* chunks;
  }

  test('is text without its last newline; a character may be cut between two chunks', async () => {
    const bytes = Buffer.from('zwölf\n\n');
    expect(await readText(input(bytes.subarray(0, 3), bytes.subarray(3)))).toBe('zwölf\n');
  });

  test('is not read without end', async () => {
    async function* endless(): AsyncGenerator<string> {
      for (;;) yield 'x'.repeat(1000);
    }
    await expect(readText(endless())).rejects.toThrow('more than 65536 characters');
  });
});
