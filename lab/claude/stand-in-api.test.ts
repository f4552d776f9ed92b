import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { nextAnswer, startStandInApi } from './stand-in-api.ts';

const tools = [{ name: 'Bash' }, { name: 'Write' }];
const system = ' - Primary working directory: /home/claude\n - Platform: linux';
const prompt = (text: string) => ({ role: 'user' as const, content: [{ type: 'text' as const, text }] });
const call = { role: 'assistant' as const, content: 'calling a tool' };
const result = { role: 'user' as const, content: [{ type: 'tool_result' as const }] };

test('works in as many steps as the prompt says, each one a new file, then stops', () => {
  const conversation = [prompt('<system-reminder>today</system-reminder>'), prompt('build it in 2 steps')];
  const first = nextAnswer({ system, tools, messages: conversation });
  expect(first.text).toMatch(/^Step 1 of 2\. /);
  expect(first.tool).toMatchObject({
    name: 'Write',
    input: { file_path: '/home/claude/work/1-step-001.md' },
  });

  const second = nextAnswer({ system, tools, messages: [...conversation, call, result] });
  expect(second.tool?.input['file_path']).toBe('/home/claude/work/1-step-002.md');

  const last = nextAnswer({ system, tools, messages: [...conversation, call, result, call, result] });
  expect(last).toEqual({
    text: 'Done: 2 of 2 steps for "build it in 2 steps". Everything is in ./work.',
  });
});

test('asks for permission when it is told to, once', () => {
  const messages = [prompt('please ask permission')];
  expect(nextAnswer({ tools, messages }).tool).toMatchObject({ name: 'Bash' });
  expect(nextAnswer({ tools, messages: [...messages, call, result] }).tool).toBeUndefined();
});

test('a prompt typed after an interrupted tool call is a new one', () => {
  const content = [...result.content, ...prompt('[Request interrupted by user for tool use]').content];
  const interrupted = { role: 'user' as const, content: [...content, ...prompt('in 7 steps').content] };
  expect(nextAnswer({ tools, messages: [prompt('in 5 steps'), call, interrupted] }).text).toMatch(
    /^Step 1 of 7/,
  );
});

test('streams server-sent events in the order of the real API, and logs no key', async () => {
  const lines: string[] = [];
  const log = (line: string) => void lines.push(line);
  const server = await startStandInApi({ address: '127.0.0.1', port: 0, wordMs: 0, log });
  try {
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/messages`;
    const body = JSON.stringify({ model: 'm', stream: true, system, tools, messages: [prompt('go')] });
    const refused = await fetch(url, { method: 'POST', body });
    expect(refused.status).toBe(401);

    const response = await fetch(url, { method: 'POST', headers: { 'x-api-key': 'a-secret-key' }, body });
    const events = (await response.text()).match(/(?<=^event: ).*$/gm) ?? [];
    expect(events.filter((event, index) => event !== events[index - 1])).toEqual([
      'message_start',
      'content_block_start',
      'content_block_delta',
      'content_block_stop',
      'content_block_start',
      'content_block_delta',
      'content_block_stop',
      'message_delta',
      'message_stop',
    ]);
    expect(lines).toHaveLength(2);
    expect(lines.join('\n')).not.toContain('a-secret-key');
  } finally {
    server.closeAllConnections();
    server.close();
  }
});
