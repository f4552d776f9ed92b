import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { generateKeyPair } from '../ssh/keys.ts';
import { SESSION_A, session } from './cluster-fixture.ts';
import { LiveView } from './live-view.ts';
import { registerAgent } from './register-agent.ts';

const AGENT = 'aaaaaaaa';

test("an agent's words are cut before they are kept: every screen draws them again and again", async () => {
  const dir = await mkdtemp(join(tmpdir(), 'convocate-live-view-'));
  const key = generateKeyPair('any');
  await registerAgent(
    { agentId: AGENT, host: 'one', address: '127.0.0.1', port: 1, registeredAt: '2026-01-01T00:00:00Z' },
    {
      shellToAgentPrivateKey: key.privateKey,
      hostPublicKey: key.publicKey,
      agentToShellPublicKey: key.publicKey,
    },
    dir,
  );
  try {
    await using live = new LiveView({ dir, log: () => {} });
    const stream = await live.openStream(AGENT);
    const damaged = 'x'.repeat(1_000_000);
    const activity = { state: 'waiting', since: '2026-01-01T00:00:00Z', detail: damaged } as const;
    stream.take({
      type: 'agent.snapshot',
      agent_id: AGENT,
      seq: 1,
      timestamp: '2026-01-01T00:00:00Z',
      data: { sessions: [session(SESSION_A, { damaged, activity })] },
    });
    const [told] = live.sessions();
    expect(told?.uuid).toBe(SESSION_A);
    expect([told?.damaged?.length, told?.activity?.detail.length]).toEqual([4_096, 256]);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
});
