import { pollUntil } from '../../src/base/deadline.ts';
import { imageOf, killSession, restartSession, waitUntilShellSees } from '../e2e/support/sessions.ts';
import { standInState } from '../e2e/support/session-stand-in.ts';
import type { Site } from './site.ts';
import type { RolloutVerb } from '../e2e/support/rollout-run.ts';

/** Where the host stands before a cell, and where the rollout is to take it. */
export interface Start {
  readonly live: string;
  readonly target: string;
  /** The release to roll out does not come up. */
  readonly isBad: boolean;
  /** The release that the next update rolls out, after whatever happened. */
  readonly next: string;
}

/** As `convocate install` of a release that is stored already. */
export async function pointShellAt({ shell }: Site, version: string): Promise<void> {
  const script = 'cd /var/lib/convocate && ln -sfn "releases/$1" current.new && mv -T current.new current';
  await shell.run(['sh', '-c', script, 'sh', version]);
}

/**
 * Takes away what the host holds of a release, so that every step of an update to it has something to do. What is live
 * and the way back stay whole, and so do the blobs that they share.
 */
const FORGET = `
lib=/usr/local/lib/convocate
rm -rf "$lib/releases/$1" "$lib"/releases/.[!.]* "$lib"/blobs/*.part "$lib"/blobs/*.tmp
rm -rf /var/lib/convocate-agent/staging
find "$lib/blobs" -type f -links 1 -delete
docker rmi --force "convocate:$1" "convocate-staging:$1" >/dev/null 2>&1
! docker image inspect "convocate:$1" >/dev/null 2>&1
`;

/** `bad`: the version of a release to roll out that is not one of those that take turns. */
export async function makeReady(site: Site, verb: RolloutVerb, bad?: string): Promise<Start> {
  const { agent, shell, host, session, releases } = site;
  const names = await agent.run([
    'readlink',
    '/usr/local/lib/convocate/current',
    '/usr/local/lib/convocate/previous',
  ]);
  const [live = '', previous = ''] = names.stdout.split('\n').map((path) => path.split('/').at(-1) ?? '');
  const next = releases.find((version) => version !== live && version !== previous);
  if (next === undefined)
    throw new Error(`no release is left to roll out: ${live} is live after ${previous}`);
  await waitUntilShellSees(shell, [host]);
  await wakeSession(site);
  await freeImage(site, next);
  for (const version of bad === undefined ? [next] : [next, bad])
    await agent.run(['sh', '-c', FORGET, 'sh', version]);
  await pointShellAt(site, bad ?? next);
  await standInState(agent, session);
  return { live, target: verb === 'rollback' ? previous : (bad ?? next), isBad: bad !== undefined, next };
}

/**
 * Once started again, the session is on one of the releases that take turns. Docker would keep that one's layers for it,
 * and of an update to it nothing would travel: so it is cut over to the live one.
 */
async function freeImage({ agent, shell, session }: Site, version: string): Promise<void> {
  if ((await imageOf(agent, session)) !== `convocate:${version}`) return;
  await killSession(shell, session);
  await restartSession(shell, session);
}

/** After a power cut its operator starts it again. */
async function wakeSession({ agent, shell, session }: Site): Promise<void> {
  const argv = ['docker', 'inspect', '--format', '{{.State.Running}}', `convocate-session-${session}`];
  if ((await agent.run(argv)).stdout.trim() === 'true') return;
  const start = async (): Promise<true | undefined> =>
    await restartSession(shell, session).then(
      () => true as const,
      () => undefined,
    );
  await pollUntil(start, { timeoutMs: 30_000, intervalMs: 1_000, what: 'the restart of the session' });
}
