import { duplexPair } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { RpcError } from '../protocol/error-codes.ts';
import { firstBytes } from './agent-terminal.ts';

async function read(...chunks: string[]): Promise<string> {
  const [ours, agents] = duplexPair();
  const ready = firstBytes(ours, 20);
  for (const chunk of chunks) agents.write(chunk);
  await ready;
  agents.end();
  let seen = '';
  for await (const chunk of ours) seen += String(chunk);
  return seen;
}

async function refusal(text: string): Promise<unknown> {
  const [ours, agents] = duplexPair();
  const ready = firstBytes(ours, 60_000);
  agents.end(text);
  return await ready.then(
    () => 'a terminal',
    (error: unknown) => error,
  );
}

describe('a terminal', () => {
  test.each([
    ['output', ['\u001b[?1049h']],
    ['output that begins like a refusal and goes on', ['{"ok":false,"error":"x"}\n', 'more']],
    ['a refusal that is not followed by the end', ['{"ok":false,"error":"x"}\n']],
    ['an open brace', ['{']],
    ['two lines at once', ['{"ok":false}\nand more']],
  ])('is told from %s, and no byte is lost', async (_, chunks) => {
    expect(await read(...chunks)).toBe(chunks.join(''));
  });
});

describe('a refusal', () => {
  test('is one line and then the end', async () => {
    expect(await refusal('{"ok":false,"error":"image gone"}\n')).toEqual(
      new RpcError('refused', 'image gone'),
    );
  });

  test('may carry a code', async () => {
    const error = await refusal('{"error":"no such session", "code":"not_found", "ok":false}');
    expect(error).toMatchObject({ name: 'RpcError', code: 'not_found', message: 'no such session' });
  });

  test('in no form at all is still told', async () => {
    expect(await refusal('')).toEqual(new Error('it ended before the terminal said anything'));
    expect(await refusal('{broken')).toEqual(new Error('it ended at once, saying: {broken'));
  });
});
