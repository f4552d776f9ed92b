import { join } from 'node:path';
import { RpcError } from '../../protocol/error-codes.ts';
import { AGENT_HOST } from '../../protocol/host-layout.ts';
import { isSessionId } from '../../protocol/ids.ts';

/** Every file the running agent reads or writes; tests put them elsewhere. */
export interface AgentPaths {
  readonly agentIdFile: string;
  readonly hostKeyFile: string;
  readonly statusKeyFile: string;
  readonly authorizedKeysFile: string;
  readonly shellHostFile: string;
  readonly currentImageFile: string;
  readonly settingsFile: string;
  readonly sessionEnvFile: string;
  readonly sessionsDir: string;
  /** The homes of all sessions, and the home whose `.gitconfig`, `.claude` and `.ssh` they may see. */
  readonly homesDir: string;
  readonly dockerSocket: string;
}

export const AGENT_PATHS: AgentPaths = { ...AGENT_HOST, dockerSocket: '/var/run/docker.sock' };

/** Where the home of a session is; the id is checked before any path is built from it. */
export function homeOf(paths: AgentPaths, sessionId: string): string {
  return join(paths.homesDir, checkedId(sessionId));
}

/** A home that `delete` has taken away and not yet emptied; a name that no session can have. */
export function deletedHomeOf(paths: AgentPaths, sessionId: string): string {
  return join(paths.homesDir, `.deleted-${checkedId(sessionId)}`);
}

export function metadataFileOf(sessionsDir: string, sessionId: string): string {
  return join(sessionsDir, `${checkedId(sessionId)}.json`);
}

export function lockFileOf(sessionsDir: string, sessionId: string): string {
  return join(sessionsDir, `${checkedId(sessionId)}.lock`);
}

/** Throws `bad_request` for whatever is no session id: "", "..", ".ssh" once removed a whole base directory. */
export function checkedId(sessionId: string): string {
  if (!isSessionId(sessionId)) {
    throw new RpcError('bad_request', `not a session id: ${JSON.stringify(sessionId).slice(0, 80)}`);
  }
  return sessionId;
}
