// A clock that is wrong. All machines share the box's, so what is set is what programs are told: libfaketime below every
// program of the machine that starts from now on. The clocks that nobody sets (uptime, monotonic) stay true, and so do
// programs that ask the kernel themselves, such as Docker.
import { writeFile } from '../machine-files.ts';
import type { MachineCommands } from '../machine-commands.ts';

const preload = '/etc/ld.so.preload';
const settings = '/etc/faketimerc';
const variables = ['FAKETIME_DONT_FAKE_MONOTONIC=1', 'FAKETIME_DISABLE_SHM=1'];

/** Seconds ahead of the true time; negative: behind; 0: true again. */
export async function shiftClock(machine: MachineCommands, seconds: number): Promise<void> {
  if (seconds === 0) {
    await machine.run(['rm', '--force', preload, settings]);
    return;
  }
  const library = await machine.run(['find', '/usr/lib', '-name', 'libfaketime.so.1']);
  await writeFile(machine, settings, `${seconds > 0 ? '+' : ''}${seconds}\n`);
  // Read by PAM for logins and sudo; services get theirs from systemd.
  const environment = (await machine.exec(['cat', '/etc/environment'])).stdout;
  const missing = variables.filter((variable) => !environment.includes(variable));
  await writeFile(machine, '/etc/environment', [environment.trim(), ...missing, ''].join('\n'));
  await machine.run(['systemctl', 'set-environment', ...variables]);
  await writeFile(machine, preload, library.stdout);
}
