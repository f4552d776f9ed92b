import { userInfo } from 'node:os';
import type { Operator } from '../../protocol/shell-socket.ts';

/** Who sits at this terminal and where they logged in from, as far as the environment tells. */
export function currentOperator(env: NodeJS.ProcessEnv = process.env): Operator {
  const user = env['SUDO_USER'] ?? userInfo().username;
  const from = env['SSH_CONNECTION']?.split(' ')[0];
  return { user: user.slice(0, 64), from: (from || 'local').slice(0, 128) };
}
