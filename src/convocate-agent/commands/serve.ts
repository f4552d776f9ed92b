import { join } from 'node:path';
import { pino } from 'pino';
import { notifyReady } from '../../base/notify-ready.ts';
import { AGENT_HOST } from '../../protocol/host-layout.ts';
import { RolloutFiles } from '../dead-man/rollout-state.ts';
import { mendStamp } from '../install/mend-stamp.ts';
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

async function nextSignal(): Promise<string> {
  return await new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve(signal));
  });
}
