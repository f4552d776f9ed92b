// A disk that can be full: a small ext4 file system in a file, loop-mounted where the test wants "No space left".
import type { MachineCommands } from '../machine-commands.ts';

/** No small disk is larger; what is larger is the box's own disk, which must never be filled. */
const maxSizeBytes = 4 * 1024 ** 3;
const ballastName = '.lab-ballast';
const fillerName = '.lab-filler';

/** Docker holds its data-root open: it has to let go before the ground is changed under it. */
const dockerData = ['/var', '/var/lib', '/var/lib/docker', '/var/lib/containerd'];
const dockerUnits = ['docker.socket', 'docker.service', 'containerd.service'];

/** Read by lab/machine/first-process: a disk is there before systemd starts, so units and Docker's data may lie on it. */
const atBoot = '/lab/at-boot';

/**
 * One small disk below these directories, as a host's root holds several, with what was there. Answers its own path,
 * by which it can be filled; any of the directories will do as well.
 */
export async function mountSmallDisk(
  machine: MachineCommands,
  directories: readonly string[],
  sizeBytes: number,
): Promise<string> {
  const wrong = directories.find((path) => !/^\/[A-Za-z0-9_./-]+$/.test(path));
  if (wrong !== undefined) throw new Error(`not a path that a script can hold: ${wrong}`);
  if (sizeBytes > maxSizeBytes) throw new Error(`a small disk has at most ${maxSizeBytes} bytes`);
  const disk = `/lab/disk${directories[0]?.replaceAll('/', '-')}`;
  const image = `${disk}.img`;
  await machine.run(['mkdir', '-p', disk, ...directories]);
  await machine.run(['truncate', `--size=${sizeBytes}`, image]);
  // No blocks set aside for root: a full disk is then full for everyone, as fillDisk expects.
  await machine.run(['mkfs.ext4', '-q', '-F', '-m', '0', image]);
  await machine.run(['mount', '-o', 'loop', image, disk]);
  await machine.run(['rmdir', `${disk}/lost+found`]);
  const holdsDocker = directories.some((path) => dockerData.includes(path));
  if (holdsDocker) await machine.run(['systemctl', 'stop', ...dockerUnits]);
  try {
    for (const path of directories) {
      await machine.run(['mkdir', '-p', `${disk}${path}`]);
      await machine.run(['cp', '--archive', '--one-file-system', `${path}/.`, `${disk}${path}`]);
      await machine.run(['mount', '--bind', `${disk}${path}`, path]);
    }
  } finally {
    if (holdsDocker) await machine.run(['systemctl', 'start', 'docker.service']);
  }
  const binds = directories.map((path) => `mount --bind ${disk}${path} ${path}`);
  await machine.run(['tee', '--append', atBoot], {
    input: [`mount -o loop ${image} ${disk} || exit 1`, ...binds, ''].join('\n'),
  });
  await machine.run(['chmod', '0755', atBoot]);
  return disk;
}

export async function fillDisk(machine: MachineCommands, path: string, freeBytes: number): Promise<void> {
  const disk = await smallDiskOf(machine, path);
  const ballast = `${disk.target}/${ballastName}`;
  await machine.run(['rm', '--force', ballast]);
  const { availableBytes } = await smallDiskOf(machine, path);
  const ballastBytes = availableBytes - freeBytes;
  if (ballastBytes <= 0) return;
  // The file's own bookkeeping takes some blocks too, so it may not fit to the byte: then take what there is.
  const result = await machine.exec(['fallocate', `--length=${ballastBytes}`, ballast]);
  if (result.exitCode !== 0 && freeBytes > 0) throw new Error(`${machine.name}: ${result.stderr}`);
  await machine.run(['sync', '--file-system', disk.target]);
}

/** Full, and whatever becomes free is taken at once, as by a log that runs away; until the machine is off, or freeDisk. */
export async function keepDiskFull(machine: MachineCommands, path: string): Promise<void> {
  const { target } = await smallDiskOf(machine, path);
  await fillDisk(machine, path, 0);
  const take = 'while :; do cat /dev/zero >> "$1" 2>/dev/null; sleep 0.05; done';
  const unit = `--unit=${fillerOf(target)}`;
  await machine.run(['systemd-run', '--quiet', unit, 'sh', '-c', take, 'sh', `${target}/${fillerName}`]);
}

function fillerOf(target: string): string {
  return `lab-filler${target.replaceAll('/', '-')}.service`;
}

export async function freeDisk(machine: MachineCommands, path: string): Promise<void> {
  const disk = await smallDiskOf(machine, path);
  await machine.exec(['systemctl', 'stop', fillerOf(disk.target)]); // most were filled once only
  await machine.run(['rm', '--force', `${disk.target}/${ballastName}`, `${disk.target}/${fillerName}`]);
  await machine.run(['sync', '--file-system', disk.target]);
}

interface SmallDisk {
  readonly target: string;
  readonly availableBytes: number;
}

async function smallDiskOf(machine: MachineCommands, path: string): Promise<SmallDisk> {
  const { stdout } = await machine.run(['df', '--block-size=1', '--output=source,avail,target', path]);
  const [source = '', available = '', target = ''] = stdout.split('\n')[1]?.split(/\s+/) ?? [];
  if (!source.startsWith('/dev/loop')) {
    throw new Error(`${machine.name}: ${path} is on the box's own disk: mountSmallDisk first`);
  }
  return { target, availableBytes: Number(available) };
}
