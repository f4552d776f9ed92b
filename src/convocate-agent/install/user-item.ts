import { runChecked, runCommand } from '../../base/run-command.ts';
import { CLAUDE_USER } from '../../protocol/host-layout.ts';
import type { ManagedItem } from './item.ts';

/** The account that owns every session home; its numbers are the same on all hosts and inside the containers. */
export function userItem(): ManagedItem {
  const { name, uid, gid, home } = CLAUDE_USER;
  return {
    name: `user ${name}`,
    check: async () => {
      const found = await runCommand(['getent', 'passwd', name]);
      if (found.exitCode !== 0) return 'does not exist';
      const [, , foundUid, foundGid] = found.stdout.split(':');
      return foundUid === String(uid) && foundGid === String(gid)
        ? undefined
        : `has uid and gid ${foundUid}:${foundGid}, not ${uid}:${gid}`;
    },
    apply: async () => {
      const exists = await runCommand(['getent', 'passwd', name]);
      if (exists.exitCode === 0) {
        throw new Error(
          `the user ${name} exists with another uid or gid; give it ${uid}:${gid} and run this again`,
        );
      }
      const group = await runCommand(['getent', 'group', name]);
      if (group.exitCode !== 0) await runChecked(['groupadd', '--gid', String(gid), name]);
      await runChecked([
        ...['useradd', '--uid', String(uid), '--gid', String(gid), '--create-home', '--home-dir', home],
        ...['--shell', '/bin/bash', name],
      ]);
    },
  };
}
