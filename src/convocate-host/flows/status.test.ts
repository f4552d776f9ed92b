import { expect, test, vi } from 'vitest';
import { findAgent } from '../../cluster/registry.ts';
import { fakeHost } from '../../host-access/fake-host.ts';
import { FORGET_RETURN, scriptArgv } from '../host-scripts.ts';
import { openHost } from '../open-host.ts';
import { record } from '../steps/dead-man-fixture.ts';
import { type AgentStatus, formatStatus, noteSeen } from './status.ts';

vi.mock(import('../../cluster/registry.ts'), async (original) => ({
  ...(await original()),
  findAgent: vi.fn(),
}));
vi.mock('../open-host.ts');

const well: AgentStatus = {
  agent_id: 'abcd1234',
  host: 'agent-a',
  up: true,
  version: 'v2',
  image: 'convocate:v2',
  sessions: 3,
  running: 2,
  on_older_image: 1,
};
const down: AgentStatus = { agent_id: 'efgh5678', host: 'agent-b', up: false, problem: 'no route' };

test('a cluster is a table, with the reason where an agent is down', () => {
  expect(formatStatus([well, down])).toBe(
    `
AGENT     HOST     VERSION  IMAGE         SESSIONS        OLDER IMAGE
abcd1234  agent-a  v2       convocate:v2  2 running of 3  1
efgh5678  agent-b  down     no route
`.trim(),
  );
});

test('an agent that Docker does not answer is told below it', () => {
  const words = 'agent-c: Docker does not answer the agent; its sessions are shown as last seen';
  expect(
    formatStatus([
      { ...well, docker: true },
      { ...well, host: 'agent-c', docker: false },
    ]).split('\n'),
  ).toEqual([expect.any(String), expect.any(String), expect.any(String), '', words]);
});

test('a rollout that was taken back is told below it, by host, until someone has seen it', () => {
  const at = '2026-01-02T03:04:05.678Z';
  const rolled_back = { from: 'v3', to: 'v2', reason: 'nobody confirmed it within 60 s', at };
  expect(
    formatStatus([
      { ...well, rolled_back },
      { ...well, host: 'agent-c' },
    ]),
  ).toBe(
    `
AGENT     HOST     VERSION  IMAGE         SESSIONS        OLDER IMAGE
abcd1234  agent-a  v2       convocate:v2  2 running of 3  1
abcd1234  agent-c  v2       convocate:v2  2 running of 3  1

agent-a: the rollout of v3 was taken back at 2026-01-02T03:04:05.678Z; v2 is live
  because nobody confirmed it within 60 s
  shown until you have seen it: convocate-host status --seen
`.trim(),
  );
});

test('what was seen is taken off the host that shows it, and no notice that came since', async () => {
  const at = '2026-01-02T03:04:05.678Z';
  const rolled_back = { from: 'v3', to: 'v2', reason: 'nobody confirmed it within 60 s', at };
  const notice = '/var/lib/convocate-agent/rollout/returned.json';
  const host = fakeHost('agent-a', [{ argv: scriptArgv(FORGET_RETURN, notice, at) }]);
  vi.mocked(openHost).mockResolvedValue(host);
  vi.mocked(findAgent).mockResolvedValue(record);
  await noteSeen([down, { ...well, rolled_back }]);
  expect(openHost).toHaveBeenCalledOnce();
  host.assertDone();
});

test('one that could not be is not called taken back', () => {
  const at = '2026-01-02T03:04:05.678Z';
  const rolled_back = { from: 'v2', to: 'v2', reason: 'going back to v1 failed', at };
  expect(formatStatus([{ ...well, rolled_back }])).toContain(
    `agent-a: the rollout of v2 could not be taken back at ${at}; v2 is live\n  because going back to v1 failed\n`,
  );
});
