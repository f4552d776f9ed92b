import { readFile } from 'node:fs/promises';
import { overwriteFile, writeFileAtomic } from '../../base/atomic-file.ts';
import { isDiskFull, messageOf } from '../../base/errors.ts';
import { AGENT_HOST } from '../../protocol/host-layout.ts';

const AGAIN_MS = 10_000;

/**
 * The stamp follows from the live release, so there is no half state after a cut between two writes (decision 1). A disk
 * that is full is no reason not to serve: the stamp is told of and written once there is room, unless somebody else
 * writes it before, who activates another release.
 */
export async function mendStamp(
  tag: string,
  say: (text: string) => void,
  file: string = AGENT_HOST.currentImageFile,
): Promise<void> {
  const read = async (): Promise<string> => (await readFile(file, 'utf8').catch(() => '')).trim();
  const found = await read();
  if (found === tag) return;
  const was = `the stamp said ${JSON.stringify(found)}`;
  const write = async (): Promise<void> => {
    await writeFileAtomic(file, `${tag}\n`).catch(async (error: unknown) => {
      if (!isDiskFull(error)) throw error;
      // The old one takes as much room; where there is none, the full disk is what is to be told.
      await overwriteFile(file, `${tag}\n`).catch(() => Promise.reject(error));
    });
    say(`${was}; it is ${tag} now, as the live release says`);
  };
  const tryAgainLater = (): void => {
    const timer = setTimeout(() => {
      void read().then(async (now) => (now === found ? await write().catch(tryAgainLater) : undefined));
    }, AGAIN_MS);
    timer.unref();
  };
  await write().catch((error: unknown) => {
    say(`${was}, not ${tag} as the live release does, and cannot be written yet: ${messageOf(error)}`);
    tryAgainLater();
  });
}
