import { AGENT_HOST } from '../protocol/host-layout.ts';

/**
 * The argv of a verb of the program that was just staged: the shell and its helper on the host are always of one
 * version, whatever the live release is able to do.
 */
export function stagedProgram(version: string, ...verb: string[]): string[] {
  return [`${AGENT_HOST.releasesDir}/${version}/convocate-agent`, ...verb];
}
