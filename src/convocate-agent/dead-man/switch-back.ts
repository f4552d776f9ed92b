import { lstat, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf } from '../../base/errors.ts';
import type { Armed } from '../../protocol/armed.ts';
import { AGENT_HOST } from '../../protocol/host-layout.ts';
import { type Unmended, convergeAllThatCan } from '../install/converge.ts';
import { linkItem } from '../install/file-items.ts';
import type { ManagedItem } from '../install/item.ts';
import { releaseItems } from '../install/items.ts';
import { openRelease } from '../release-home.ts';
import { liveVersion } from './go-back.ts';

/** What cannot be written now is tried again for so long: a disk that is full may get room. */
const TRY_MS = 10_000;
const PAUSE_MS = 2_000;

/**
 * Makes the release that was live before the live one again, all but the restart. It asks nothing of Docker, which
 * may be the very thing that broke. Gives back what went wrong, in words for an operator: then the link was switched
 * without all that belongs to it, or, where that cannot be done, the host stays on the release that it is on, whole.
 */
export async function switchBack(armed: Armed, say: (text: string) => void): Promise<string | undefined> {
  const endsAt = performance.now() + TRY_MS;
  for (;;) {
    const unmended = await putInPlace(armed);
    // The stamp is no reason to wait, or to complain: the agent mends it at its start.
    const grave = unmended.filter(({ item }) => item !== AGENT_HOST.currentImageFile);
    if (grave.length === 0 || performance.now() >= endsAt) {
      for (const { item, why } of unmended) say(`${item}: ${why}`);
      return grave.length === 0 ? undefined : await settleFor(armed, grave);
    }
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}

/** One go at it, past all that cannot be done. */
async function putInPlace({ from, previous }: Armed): Promise<Unmended[]> {
  const unmended = await converge(from);
  if ((await liveVersion()) !== from) return unmended; // what is live now keeps its own way back
  return [...unmended, ...(await convergeAllThatCan([previousItem(previous)]))];
}

async function settleFor({ from }: Armed, grave: readonly Unmended[]): Promise<string> {
  const why = grave.map((unmended) => `${unmended.item}: ${unmended.why}`).join('; ');
  const live = await liveVersion();
  if (live === from) return `not all of ${from} could be put in place (${why})`;
  if (live !== undefined) await converge(live); // some of its files may be those of the other one by now
  return `going back to ${from} failed (${why}), so ${live ?? 'no release'} is live`;
}

/** All that makes this release the live one, as far as it goes. Nothing is changed where the release cannot be read. */
async function converge(version: string): Promise<Unmended[]> {
  try {
    const release = await openRelease(join(AGENT_HOST.releasesDir, version));
    return await convergeAllThatCan(await releaseItems(release));
  } catch (error) {
    return [{ item: `release ${version}`, why: messageOf(error) }];
  }
}

function previousItem(version: string | null): ManagedItem {
  const { previousLink, releasesDir } = AGENT_HOST;
  if (version !== null) return linkItem(previousLink, join(releasesDir, version));
  return {
    name: previousLink,
    check: async () => ((await lstat(previousLink).catch(() => undefined)) ? 'is a link' : undefined),
    apply: () => rm(previousLink, { force: true }),
  };
}
