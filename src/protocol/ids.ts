/**
 * Ids are checked before any path, argv or label is built from them: an id such as "", ".." or ".ssh" once removed
 * a whole base directory.
 */
const SESSION_ID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const AGENT_ID = /^[a-z0-9]{8}$/;
/** What both `git describe` prints and Docker takes as a tag, and what is safe as a single path segment. */
const VERSION = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/;

/** A UUID of version 4 in lower case. */
export function isSessionId(value: string): boolean {
  return SESSION_ID.test(value);
}

/** Eight characters `[a-z0-9]`. */
export function isAgentId(value: string): boolean {
  return AGENT_ID.test(value);
}

/** `[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}`, without "..". */
export function isVersion(value: string): boolean {
  return VERSION.test(value) && !value.includes('..');
}

export const IMAGE_REPOSITORY = 'convocate';

/** The session image of a release: `convocate:<version>`. */
export function imageTagOf(version: string): string {
  if (!isVersion(version)) throw new TypeError(`not a version: ${JSON.stringify(version)}`);
  return `${IMAGE_REPOSITORY}:${version}`;
}

/** The version in a tag `convocate:<version>`, or undefined for any other image. */
export function versionOfImageTag(tag: string): string | undefined {
  const [repository, version, ...rest] = tag.split(':');
  if (repository !== IMAGE_REPOSITORY || version === undefined || rest.length > 0) return undefined;
  return isVersion(version) ? version : undefined;
}
