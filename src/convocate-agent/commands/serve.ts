import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pino } from 'pino';
import { writeFileAtomic } from '../../base/atomic-file.ts';
import { notifyReady } from '../../base/notify-ready.ts';
import { AGENT_HOST } from '../../protocol/host-layout.ts';
import { RolloutFiles } from '../dead-man/rollout-state.ts';
import { openOwnRelease } from '../release-home.ts';
import { serveAgent } from '../serve.ts';

/** `convocate-agent serve`: the service, from ready to the signal that ends it. */
export async function serve(): Promise<void> {
  const log = pino({ base: null, timestamp: false }); // the journal adds time, host and process
  const release = await openOwnRelease();
  const { version, image } = release.manifest;
  await mendStamp(image.tag, (text) => log.warn(text));
  const served = await serveAgent({
    version,
    imageTag: () => image.tag,
    rolledBack: () => new RolloutFiles().returned(),
    skelDirs: [join(release.directory, 'skel'), AGENT_HOST.skelDir],
    log,
  });
  const signal = nextSignal();
  await notifyReady((problem) => log.warn(problem));
  await served.close(await signal);
  process.exit(0); // a connection that will not end must not hold up a restart
}

/** The stamp follows from the live release, so there is no half state after a cut between two writes (decision D3). */
async function mendStamp(tag: string, say: (text: string) => void): Promise<void> {
  const found = await readFile(AGENT_HOST.currentImageFile, 'utf8').catch(() => '');
  if (found.trim() === tag) return;
  say(`the stamp said ${JSON.stringify(found.trim())}; it is ${tag} now, as the live release says`);
  await writeFileAtomic(AGENT_HOST.currentImageFile, `${tag}\n`);
}

async function nextSignal(): Promise<string> {
  return await new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve(signal));
  });
}
