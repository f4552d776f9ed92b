// The machine's sshd host key: its fingerprint, and another one in its place.
import type { MachineCommands } from '../machine-commands.ts';
import { readFile } from '../machine-files.ts';

const keyPath = '/etc/ssh/ssh_host_ed25519_key';
// Beside the lab's other things, not in /etc: a directory listing there would show the trick.
const keptPath = '/lab/kept-host-key';

export async function sshHostKey(machine: MachineCommands): Promise<string> {
  const line = await readFile(machine, `${keyPath}.pub`);
  return line.trim().split(' ').slice(0, 2).join(' ');
}

export async function sshHostFingerprint(machine: MachineCommands): Promise<string> {
  const { stdout } = await machine.run(['ssh-keygen', '-l', '-E', 'sha256', '-f', `${keyPath}.pub`]);
  const fingerprint = stdout.split(' ')[1];
  if (fingerprint === undefined) throw new Error(`${machine.name}: ssh-keygen -l said ${stdout}`);
  return fingerprint;
}

export async function swapHostKey(machine: MachineCommands): Promise<void> {
  if ((await machine.exec(['test', '-e', keptPath])).exitCode === 0) {
    throw new Error(`${machine.name}: the host key is swapped already`);
  }
  await machine.run(['mv', keyPath, keptPath]);
  await machine.run(['mv', `${keyPath}.pub`, `${keptPath}.pub`]);
  await machine.run(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-C', '', '-f', keyPath]);
  await restartSshd(machine);
}

export async function restoreHostKey(machine: MachineCommands): Promise<void> {
  await machine.run(['mv', keptPath, keyPath]);
  await machine.run(['mv', `${keptPath}.pub`, `${keyPath}.pub`]);
  await restartSshd(machine);
}

async function restartSshd(machine: MachineCommands): Promise<void> {
  // Tests swap often: systemd's start limit is about a crashing sshd, not about them.
  await machine.run(['systemctl', 'reset-failed', 'ssh.service']);
  await machine.run(['systemctl', 'restart', 'ssh.service']);
}
