import { readFileSync } from 'node:fs';
import { userInfo } from 'node:os';

/** A person at a terminal, as far as the system tells. */
export interface Login {
  /** The account they logged in with, also under sudo. */
  readonly user: string;
  /** The address they logged in from over SSH, or "local". */
  readonly from: string;
}

const MOST_ANCESTORS = 32;

/** Who runs this process and from where. sudo keeps neither in the environment it hands on, so the ancestors are asked. */
export function currentLogin(
  env: NodeJS.ProcessEnv = process.env,
  ancestors: () => Iterable<string> = environmentsOfAncestors,
): Login {
  return { user: env['SUDO_USER'] || userInfo().username, from: addressOf(env, ancestors) ?? 'local' };
}

function addressOf(env: NodeJS.ProcessEnv, ancestors: () => Iterable<string>): string | undefined {
  const own = env['SSH_CONNECTION']?.split(' ')[0];
  if (own) return own;
  for (const environment of ancestors()) {
    const found = /(?:^|\0)SSH_CONNECTION=([^ \0]+)/.exec(environment)?.[1];
    if (found) return found;
  }
  return undefined;
}

/** NUL-separated, nearest first, as far up as we may read: other users' processes are closed to all but root. */
function* environmentsOfAncestors(): Iterable<string> {
  let pid = process.ppid;
  for (let steps = 0; pid > 1 && steps < MOST_ANCESTORS; steps += 1) {
    try {
      yield readFileSync(`/proc/${pid}/environ`, 'utf8');
      pid = Number(/^PPid:\s*(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
    } catch {
      return;
    }
  }
}
