import { ShellClient } from '../../cluster/shell-client.ts';
import { currentOperator } from './operator.ts';

/** The way to the status service. `CONVOCATE_SOCKET` names another socket than the installed one. */
export function openShell(env: NodeJS.ProcessEnv = process.env): ShellClient {
  return new ShellClient(currentOperator(env), env['CONVOCATE_SOCKET'] || undefined);
}
