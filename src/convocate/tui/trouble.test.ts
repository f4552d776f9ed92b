import { expect, test } from 'vitest';
import { agentsInTrouble } from './trouble.ts';
import { agentAt, stateWith } from './view/cluster-fixture.ts';

const nowMs = Date.parse('2026-01-01T10:00:00Z');
const since = '2026-01-01T09:00:00Z';

test('what is worst comes first, and the healthy are left out', () => {
  const silent = agentAt(0, { status_link: { up: false, version: '', since } });
  const healthy = agentAt(1);
  const mute = agentAt(2, { docker: { answers: false, since } });
  const down = agentAt(3, { up: false });
  const agents = [silent, healthy, mute, down];
  const { cluster } = stateWith({ cols: 80, rows: 24 }, agents, []);
  expect(agentsInTrouble({ cluster, nowMs })).toEqual([down, mute, silent]);
});
