// A clock that is wrong, or is set right. All machines share the box's, so what is set is what programs are told:
// libfaketime below every login, command over SSH, and service that starts from now on. Those feel each later shift too,
// in the middle of whatever they do. The clocks that nobody sets (uptime, monotonic) stay true, and so do programs that
// ran before the first shift or ask the kernel themselves, such as sshd and Docker.
import { writeFile } from '../machine-files.ts';
import type { MachineCommands } from '../machine-commands.ts';

/** Read by PAM for logins, and by sudo where it is told to; services get theirs from systemd. */
const loginEnvironment = '/etc/environment';
const sudoers = '/etc/sudoers.d/lab-clock';
/** How far off it is; read again by each program, at most once a second. */
const offset = '/etc/lab-clock';
const settings: readonly (readonly [name: string, value: string])[] = [
  ['FAKETIME_TIMESTAMP_FILE', offset],
  ['FAKETIME_CACHE_DURATION', '1'],
  ['FAKETIME_DONT_FAKE_MONOTONIC', '1'],
  ['FAKETIME_DISABLE_SHM', '1'],
];
const names = ['LD_PRELOAD', ...settings.map(([name]) => name)];

/** Seconds ahead of the true time; negative: behind; 0: true again. */
export async function shiftClock(machine: MachineCommands, seconds: number): Promise<void> {
  await writeFile(machine, offset, `${seconds < 0 ? '' : '+'}${seconds}\n`);
  const { stdout: before } = await machine.exec(['cat', loginEnvironment]);
  const others = before.split('\n').filter((line) => !names.some((name) => line.startsWith(`${name}=`)));
  await machine.run(['systemctl', 'unset-environment', ...names]);
  const variables = seconds === 0 ? [] : await variablesFor(machine);
  if (variables.length > 0) await machine.run(['systemctl', 'set-environment', ...variables]);
  await writeFile(machine, sudoers, `Defaults env_file=${loginEnvironment}\n`, { mode: '0440' });
  await writeFile(machine, loginEnvironment, [...variables, ...others].join('\n'));
}

async function variablesFor(machine: MachineCommands): Promise<string[]> {
  // Not /etc/ld.so.preload, which reaches sshd as well: its sandbox kills what calls more than sshd itself does.
  const { stdout } = await machine.run(['find', '/usr/lib', '-name', 'libfaketime.so.1']);
  return [`LD_PRELOAD=${stdout.trim()}`, ...settings.map(([name, value]) => `${name}=${value}`)];
}
