import { OperationError } from '../../base/errors.ts';
import { lookAtAccount, makeAccount } from '../../base/system-account.ts';
import { CLAUDE_USER } from '../../protocol/host-layout.ts';
import type { ManagedItem } from './item.ts';

/** The account that owns every session home; its numbers are the same on all hosts and inside the containers. */
export function userItem(): ManagedItem {
  const { name, uid, gid } = CLAUDE_USER;
  return {
    name: `user ${name}`,
    check: async () => {
      const found = await lookAtAccount(CLAUDE_USER);
      if (found === 'right') return undefined;
      return found === 'missing' ? 'does not exist' : `has uid and gid ${found}, not ${uid}:${gid}`;
    },
    apply: async () => {
      if ((await lookAtAccount(CLAUDE_USER)) !== 'missing')
        throw new OperationError(
          `the user ${name} exists with another uid or gid; give it ${uid}:${gid} and run this again`,
        );
      await makeAccount(CLAUDE_USER);
    },
  };
}
