import { DEFAULT_SETTINGS } from '../protocol/agent-settings.ts';
import type { Session } from '../protocol/session.ts';

/** What stands in every list of sessions behind the thing that it is about; in no name, image or state is such a sign. */
export const MARK = {
  /** Behind a state: as it was seen last. */
  stale: '?',
  /** Behind an image: older than what its agent would start now. */
  olderImage: '*',
  /** Behind a name: see {@link looserProfile}. */
  looserProfile: '#',
} as const;

/** The profile of a session whose box is looser than the default one; undefined of all others. */
export function looserProfile({ profile }: Pick<Session, 'profile'>): string | undefined {
  return profile === DEFAULT_SETTINGS.profile ? undefined : profile;
}
