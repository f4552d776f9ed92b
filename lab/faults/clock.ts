// A clock that is wrong. All machines share the box's, so what is set is what programs are told: libfaketime below every
// program of the machine that starts from now on. The clocks that nobody sets (uptime, monotonic) stay true, and so do
// programs that ask the kernel themselves, such as Docker.
import { writeFile } from '../machine-files.ts';
import type { MachineCommands } from '../machine-commands.ts';

const preload = '/etc/ld.so.preload';
const settings = '/etc/faketimerc';
const variables = ['FAKETIME_DONT_FAKE_MONOTONIC=1', 'FAKETIME_DISABLE_SHM=1'];

/** Seconds ahead of the true time; negative: behind; 0: true again, and ready to be shifted without more ado. */
export async function shiftClock(machine: MachineCommands, seconds: number): Promise<void> {
  await prepare(machine);
  if (seconds === 0) {
    await machine.run(['rm', '--force', preload, settings]);
    return;
  }
  const library = await machine.run(['find', '/usr/lib', '-name', 'libfaketime.so.1']);
  await writeFile(machine, settings, `${seconds > 0 ? '+' : ''}${seconds}\n`);
  await writeFile(machine, preload, library.stdout);
}

/** What libfaketime is to leave alone, for all who start others: PAM (logins and sudo), systemd, and sshd itself. */
async function prepare(machine: MachineCommands): Promise<void> {
  const environment = (await machine.exec(['cat', '/etc/environment'])).stdout;
  await machine.run(['systemctl', 'set-environment', ...variables]); // not kept through a start of the machine
  if (variables.every((variable) => environment.includes(variable))) return;
  await writeFile(machine, '/etc/environment', [environment.trim(), ...variables, ''].join('\n'));
  await machine.run(['systemctl', 'restart', 'ssh.service']); // its connections go on
}
