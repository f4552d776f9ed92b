// A clock that is wrong. All machines share the box's, so what is set is what programs are told: libfaketime below every
// login, command over SSH, and service that starts from now on. The clocks that nobody sets (uptime, monotonic) stay
// true, and so do programs that run already or ask the kernel themselves, such as sshd and Docker.
import { writeFile } from '../machine-files.ts';
import type { MachineCommands } from '../machine-commands.ts';

/** Read by PAM for logins, and by sudo where it is told to; services get theirs from systemd. */
const loginEnvironment = '/etc/environment';
const sudoers = '/etc/sudoers.d/lab-clock';
const names = ['LD_PRELOAD', 'FAKETIME', 'FAKETIME_DONT_FAKE_MONOTONIC', 'FAKETIME_DISABLE_SHM'];

/** Seconds ahead of the true time; negative: behind; 0: true again. */
export async function shiftClock(machine: MachineCommands, seconds: number): Promise<void> {
  const { stdout: before } = await machine.exec(['cat', loginEnvironment]);
  const others = before.split('\n').filter((line) => !names.some((name) => line.startsWith(`${name}=`)));
  await machine.run(['systemctl', 'unset-environment', ...names]);
  const variables = seconds === 0 ? [] : await variablesFor(machine, seconds);
  if (variables.length > 0) await machine.run(['systemctl', 'set-environment', ...variables]);
  await writeFile(machine, sudoers, `Defaults env_file=${loginEnvironment}\n`, { mode: '0440' });
  await writeFile(machine, loginEnvironment, [...variables, ...others].join('\n'));
}

async function variablesFor(machine: MachineCommands, seconds: number): Promise<string[]> {
  // Not /etc/ld.so.preload, which reaches sshd as well: its sandbox kills what calls more than sshd itself does.
  const { stdout } = await machine.run(['find', '/usr/lib', '-name', 'libfaketime.so.1']);
  const values = [stdout.trim(), `${seconds > 0 ? '+' : ''}${seconds}`, '1', '1'];
  return names.map((name, index) => `${name}=${values[index]}`);
}
