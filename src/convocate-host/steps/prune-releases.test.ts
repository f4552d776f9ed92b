import { expect, test } from 'vitest';
import { runStep } from '../rollout-fixture.ts';
import { pruneReleases } from './prune-releases.ts';

test('a prune that fails never fails a rollout', async () => {
  const argv = ['/usr/local/lib/convocate/releases/v2/convocate-agent', 'prune', '--json'];
  const { said } = await runStep(pruneReleases, [{ argv, answer: { exitCode: 1, stderr: 'no' } }]);
  expect(said).toEqual(['warn pruning failed, which does no harm: convocate-agent failed']);
});
