// The machines that run, or lie there stopped, as their labels tell: nothing about a lab is kept anywhere else.
import type { Docker } from './docker.ts';
import type { MachineKind } from './images.ts';
import { Machine } from './machine.ts';
import { engineName, filterArgs, type Role } from './naming.ts';

/** In the order of their addresses, stopped ones included; of all labs of this checkout when no name is given. */
export async function findMachines(docker: Docker, name?: string): Promise<Machine[]> {
  const format = ['convocate.lab', 'convocate.lab.role', 'convocate.lab.kind', 'convocate.lab.address']
    .map((label) => `{{.Label "${label}"}}`)
    .join(' ');
  const lines = await docker.lines([
    'ps',
    '--all',
    '--no-trunc',
    `--format={{.ID}} {{.Names}} ${format}`,
    ...filterArgs(name),
  ]);
  const machines = lines.map((line) => {
    const [containerId = '', container = '', lab = '', role = '', kind = '', address = ''] = line.split(' ');
    const hostname = container.slice(engineName(lab, '').length);
    return new Machine(docker, {
      lab,
      hostname,
      role: role as Role,
      kind: kind as MachineKind,
      address,
      containerId,
    });
  });
  return machines.toSorted((a, b) => bootOrder(a).localeCompare(bootOrder(b)));
}

function bootOrder({ identity }: Machine): string {
  return `${identity.lab}/${identity.address.split('.').at(-1)?.padStart(3, '0')}`;
}
