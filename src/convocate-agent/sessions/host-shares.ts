import { lstat, mkdir, open, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf } from '../../base/errors.ts';
import { type AgentSettings, WHERE_PROGRAMS_GO } from '../../protocol/agent-settings.ts';
import { RpcError } from '../../protocol/error-codes.ts';
import { CLAUDE_USER } from '../../protocol/host-layout.ts';
import type { Mount } from '../docker/docker.ts';
import type { AgentPaths } from './paths.ts';
import { findSessionProgram } from './session-program.ts';

type Kind = 'file' | 'directory';
interface Share extends Mount {
  readonly kind: Kind;
}

/**
 * What a session sees of the agent host, read-only, of that which exists: the session program, the operator's git
 * configuration and Claude directory, `~/.ssh` only by setting. The Docker socket comes with the profile `docker`.
 * Throws `refused` where a session program is set and cannot be shown: the session would end at once without it.
 */
export async function hostShares(
  settings: AgentSettings,
  paths: AgentPaths,
  home: string,
  owner: { readonly uid: number; readonly gid: number },
): Promise<Mount[]> {
  const inside = CLAUDE_USER.home;
  const wanted: Share[] = [
    share(join(paths.homesDir, '.gitconfig'), `${inside}/.gitconfig`, 'file'),
    share(join(paths.homesDir, '.claude'), `${inside}/.claude-shared`, 'directory'),
  ];
  if (settings.share_ssh) wanted.push(share(join(paths.homesDir, '.ssh'), `${inside}/.ssh`, 'directory'));

  const mounts = await programShare(settings.session_program);
  for (const { kind, ...mount } of wanted) {
    if ((await kindOf(mount.source)) !== kind) continue;
    const point = join(home, mount.target.slice(inside.length + 1));
    if (await prepareMountPoint(point, kind, owner)) mounts.push(mount);
  }
  if (settings.profile === 'docker') {
    mounts.push({ source: paths.dockerSocket, target: '/var/run/docker.sock', readOnly: false });
  }
  return mounts;
}

async function programShare(path: string): Promise<Mount[]> {
  const found = await findSessionProgram(path);
  if (found === 'none') return [];
  if (found === 'file') return [{ source: path, target: path, readOnly: true }];
  throw new RpcError(
    'refused',
    `the session program cannot be shown to a session: ${found.fault}. On this agent host, ${WHERE_PROGRAMS_GO}; ` +
      'then set session_program to it, or to nothing for none.',
  );
}

function share(source: string, target: string, kind: Kind): Share {
  return { source, target, readOnly: true, kind };
}

async function kindOf(path: string): Promise<Kind | undefined> {
  try {
    const found = await stat(path);
    if (found.isDirectory()) return 'directory';
    return found.isFile() ? 'file' : undefined;
  } catch {
    return undefined;
  }
}

/**
 * A mount below the home needs a place in it; Docker would make one that belongs to root. False where the session has
 * put something of another kind there: the share is then left out, because the container could not start with it.
 */
async function prepareMountPoint(
  point: string,
  kind: Kind,
  owner: { readonly uid: number; readonly gid: number },
): Promise<boolean> {
  try {
    if (kind === 'directory') await mkdir(point, { mode: 0o700 });
    // Never through a link that the session may have put there: 'wx' opens only what did not exist.
    const handle = await open(point, kind === 'directory' ? 'r' : 'wx', 0o600);
    try {
      await handle.chown(owner.uid, owner.gid);
    } finally {
      await handle.close();
    }
    return true;
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
    const found = await lstat(point);
    return kind === 'directory' ? found.isDirectory() : found.isFile();
  }
}
