import type { HostFacts } from '../facts.ts';
import { formatTable } from '../format-table.ts';
import { type Rollout, need, runSteps } from '../rollout.ts';
import { connect } from '../steps/connect.ts';
import { lookAtHost } from '../steps/look-at-host.ts';

/** One release as `convocate-host releases` shows it. */
export interface HeldRelease {
  readonly version: string;
  readonly live: boolean;
  /** What `rollback` goes back to. */
  readonly previous: boolean;
  /** Its image is in the host's Docker, so sessions can start on it. */
  readonly image: boolean;
  /** Names of the sessions, running or stopped, whose container was made from its image. */
  readonly sessions: readonly string[];
  /** Why the next prune leaves it alone; empty where it does not. */
  readonly pinned_by: readonly ('live' | 'previous' | 'sessions')[];
}

/** What a host holds, as `convocate-host releases` shows it. */
export interface Holdings {
  readonly releases: readonly HeldRelease[];
  /** A rollout is open there, and its record is damaged. */
  readonly isRecordDamaged: boolean;
}

/** `convocate-host releases`: what a host holds, and what keeps it there. Reads only. */
export async function heldReleases(rollout: Rollout): Promise<Holdings> {
  await runSteps([connect, lookAtHost], rollout);
  const facts = need(rollout, 'facts');
  return { releases: describeReleases(facts), isRecordDamaged: facts.damagedRollout === true };
}

export function describeReleases(facts: HostFacts): HeldRelease[] {
  return [...facts.releases.keys()].toSorted().map((version) => {
    const tag = `convocate:${version}`;
    const image = facts.docker?.images.find((candidate) => candidate.tags.includes(tag));
    const sessions = (facts.docker?.containers ?? [])
      .filter((container) => container.image === tag || container.imageId === image?.id)
      .map(({ name }) => name.replace(/^convocate-session-/, ''))
      .map((uuid) => facts.sessionNames.get(uuid) ?? uuid)
      .toSorted();
    const live = facts.liveVersion === version;
    const previous = facts.previousVersion === version;
    const pinned_by = [
      ...(live ? (['live'] as const) : []),
      ...(previous ? (['previous'] as const) : []),
      ...(sessions.length > 0 ? (['sessions'] as const) : []),
    ];
    return { version, live, previous, image: image !== undefined, sessions, pinned_by };
  });
}

/** The same as a table. */
export function formatReleases({ releases, isRecordDamaged }: Holdings): string {
  const rows = releases.map((release) => [
    release.version,
    release.live ? 'live' : release.previous ? 'previous' : '',
    release.image ? 'there' : 'missing',
    release.sessions.length === 0 ? '' : `sessions ${release.sessions.join(', ')}`,
    release.pinned_by.length === 0 ? 'goes with the next prune' : 'stays',
  ]);
  const table = formatTable(['RELEASE', 'IS', 'IMAGE', 'USED BY', 'NEXT PRUNE'], rows);
  return isRecordDamaged ? `${table}\n\n${DAMAGED}` : table;
}

export const DAMAGED =
  'a rollout is open on this host whose record is damaged: it has no way back, and prunes nothing, until an update or a rollback closes that';
