import { currentLogin } from '../../base/login.ts';
import type { Operator } from '../../protocol/shell-socket.ts';

/** Who sits at this terminal, as the status service's log takes it. */
export function currentOperator(env: NodeJS.ProcessEnv = process.env): Operator {
  const { user, from } = currentLogin(env);
  return { user: user.slice(0, 64), from: from.slice(0, 128) };
}
