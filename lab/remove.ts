// Takes away exactly what a lab made, found by its labels, whether its boot succeeded or not.
import type { Docker } from './docker.ts';
import { filterArgs } from './naming.ts';
import { whileThawing } from './thaw.ts';

export async function removeLab(docker: Docker, lab: string): Promise<void> {
  const filters = filterArgs(lab);
  const containers = await docker.lines(['ps', '--all', '--quiet', '--no-trunc', ...filters]);
  const rm = ['rm', '--force', '--volumes', ...containers];
  if (containers.length > 0) await whileThawing(containers, () => docker.run(rm));
  const volumes = await docker.lines(['volume', 'ls', '--quiet', ...filters]);
  if (volumes.length > 0) await docker.run(['volume', 'rm', '--force', ...volumes]);
  const networks = await docker.lines(['network', 'ls', '--quiet', ...filters]);
  if (networks.length > 0) await docker.run(['network', 'rm', ...networks]);
}
