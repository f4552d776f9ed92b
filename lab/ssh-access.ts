// Who may log in where: root on the shell host has a key, and each agent takes it for root, for ops (with sudo) and for
// nosudo (without). Nothing turns host key checking off: telling a host by its key is the product's work, not the lab's.
import type { Machine } from './machine.ts';

export const provisioningUser = 'ops';
export const userWithoutSudo = 'nosudo';
const keyPath = '/root/.ssh/id_ed25519';

export async function authorizeShell(shell: Machine, agents: readonly Machine[]): Promise<void> {
  await shell.run(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-C', `root@${shell.name}`, '-f', keyPath]);
  const publicKey = await shell.readFile(`${keyPath}.pub`);
  const homes = [
    { user: 'root', home: '/root' },
    { user: provisioningUser, home: `/home/${provisioningUser}` },
    { user: userWithoutSudo, home: `/home/${userWithoutSudo}` },
  ];
  await Promise.all(
    agents.flatMap((agent) =>
      homes.map(({ user, home }) =>
        agent.writeFile(`${home}/.ssh/authorized_keys`, publicKey, { mode: '0600', owner: user }),
      ),
    ),
  );
}
