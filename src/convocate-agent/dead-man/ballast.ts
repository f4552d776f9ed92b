import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { OperationError, messageOf } from '../../base/errors.ts';
import { AGENT_HOST } from '../../protocol/host-layout.ts';

/**
 * Room for the few small files that going back writes, kept against a disk that fills up meanwhile: state, units and
 * stamp, links. One for each place, since /var, /etc and /usr may be file systems of their own.
 */
const PLACES = [AGENT_HOST.rolloutDir, AGENT_HOST.configDir, AGENT_HOST.libDir];
const NAME = 'ballast';
const BYTES = 256 * 1024;
/** Where it lies while a rollout is open. */
export const BALLAST_FILES = PLACES.map((place) => join(place, NAME));

/** All of it or none: on a disk that is full already, what could be taken is given back. Throws OperationError then. */
export async function takeBallast(places: readonly string[] = PLACES): Promise<void> {
  for (const place of places) {
    const path = join(place, NAME);
    try {
      await writeFile(path, Buffer.alloc(BYTES), { mode: 0o600 });
    } catch (cause) {
      await dropBallast(places);
      throw new OperationError(`the room that going back needs could not be taken: ${path}`, {
        output: messageOf(cause),
        hint: `see whether that disk is full: df -h ${place}; make room, then run the same command again`,
        cause,
      });
    }
  }
}

export async function dropBallast(places: readonly string[] = PLACES): Promise<void> {
  for (const place of places) await rm(join(place, NAME), { force: true });
}
