import type { RolloutEvent } from '../e2e/support/rollout-run.ts';
import type { Site } from './site.ts';

/** What was said and what the host wrote down, for whoever has to find out what happened. */
export async function evidenceOf(
  { agent }: Site,
  run: { readonly events: readonly RolloutEvent[]; readonly stderr?: string },
): Promise<string> {
  const units = ['-u', 'convocate-agent', '-u', 'convocate-dead-man'];
  const [journal, state] = await Promise.all([
    agent.exec(['journalctl', ...units, '-n', '50', '--no-pager', '-o', 'short-precise']),
    agent.exec(['sh', '-c', 'tail -n +1 /var/lib/convocate-agent/rollout/*; ls -l /usr/local/lib/convocate']),
  ]);
  const events = run.events.filter(({ event }) => event !== 'transfer').map((event) => JSON.stringify(event));
  return [
    'the rollout said:',
    ...events.slice(-25),
    run.stderr ?? '',
    'the host has:',
    state.stdout,
    'its journal:',
    journal.stdout,
    '',
  ].join('\n');
}
