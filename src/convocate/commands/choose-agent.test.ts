import { expect, test } from 'vitest';
import type { AgentView } from '../../protocol/shell-socket.ts';
import { chooseAgent, namedAgent } from './choose-agent.ts';

function view(agent_id: string, host: string): AgentView {
  return { agent_id, host, up: true, since: '', version: '', image_tag: '', load: [] };
}
const a = view('aaaaaaaa', 'one');
const b = view('bbbbbbbb', 'two');

test('the only agent need not be named', () => {
  expect(chooseAgent([a], undefined)).toBe(a);
});

test('among several it must be, by host or id', () => {
  expect(() => chooseAgent([a, b], undefined)).toThrow(
    expect.objectContaining({
      exit: 2,
      message: 'there are 2 agents: say which with --agent',
      details: { hint: 'one of: one (aaaaaaaa), two (bbbbbbbb)' },
    }),
  );
  expect(chooseAgent([a, b], 'two')).toBe(b);
  expect(chooseAgent([a, b], 'aaaaaaaa')).toBe(a);
});

test('without any it says what makes one', () => {
  expect(() => chooseAgent([], 'one')).toThrow(
    expect.objectContaining({
      exit: 3,
      details: { hint: 'run `convocate-host init-agent --host HOST` for each agent host' },
    }),
  );
});

test('a name nobody has, or two have, is refused', () => {
  expect(() => namedAgent([a], 'two')).toThrow('no agent "two" is registered');
  expect(() => namedAgent([a, view('cccccccc', 'one')], 'one')).toThrow('"one" names 2 agents');
});
