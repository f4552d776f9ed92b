import { expect, test } from 'vitest';
import { readAnswer } from './agent-call.ts';

test('an answer is checked against the contract', () => {
  expect(readAnswer('kill', '{"ok":true,"result":null}')).toBeNull();
  expect(() => readAnswer('kill', '{"ok":true,"result":1}')).toThrow('damaged answer: result');
  expect(() => readAnswer('list', '{"ok":true,"result":[{"uuid":".."}]}')).toThrow(
    'damaged answer: result.0.uuid: must be a UUID of version 4',
  );
  expect(() => readAnswer('list', '{"ok":1}')).toThrow('damaged answer: answer');
  expect(() => readAnswer('list', 'nonsense')).toThrow(SyntaxError);
});

test("an agent's words are cut where they are no words any more", () => {
  const refusal = JSON.stringify({ ok: false, error: 'x'.repeat(1_000_000), code: 'busy' });
  expect(() => readAnswer('kill', refusal)).toThrow(
    expect.objectContaining({ message: `${'x'.repeat(4_095)}…` }),
  );
});

test("a refusal keeps the agent's code and words; a code from a newer agent is an internal one", () => {
  expect(() => readAnswer('kill', '{"ok":false,"error":"no","code":"busy"}')).toThrow(
    expect.objectContaining({ name: 'RpcError', code: 'busy', message: 'no' }),
  );
  expect(() => readAnswer('kill', '{"ok":false,"error":"no","code":"new_one"}')).toThrow(
    expect.objectContaining({ code: 'internal' }),
  );
});
