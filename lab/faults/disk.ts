// A disk that can be full: a small ext4 file system in a file, loop-mounted where the test wants "No space left".
import type { MachineCommands } from '../machine-commands.ts';

/** No small disk is larger; what is larger is the box's own disk, which must never be filled. */
const maxSizeBytes = 4 * 1024 ** 3;
const ballastName = '.lab-ballast';

/** Docker holds its data-root open: it has to let go before the ground is changed under it. */
const dockerUnits = ['docker.socket', 'docker.service', 'containerd.service'];

export async function mountSmallDisk(
  machine: MachineCommands,
  path: string,
  sizeBytes: number,
): Promise<void> {
  if (!/^\/[A-Za-z0-9_./-]+$/.test(path)) throw new Error(`not a path that fstab can hold: ${path}`);
  if (sizeBytes > maxSizeBytes) throw new Error(`a small disk has at most ${maxSizeBytes} bytes`);
  const image = `/lab/disk${path.replaceAll('/', '-')}.img`;
  const scratch = `${image}.mnt`;
  await machine.run(['mkdir', '-p', path, scratch]);
  await machine.run(['truncate', `--size=${sizeBytes}`, image]);
  // No blocks set aside for root: a full disk is then full for everyone, as fillDisk expects.
  await machine.run(['mkfs.ext4', '-q', '-F', '-m', '0', image]);
  await machine.run(['mount', '-o', 'loop', image, scratch]);
  await machine.run(['rmdir', `${scratch}/lost+found`]);
  const holdsDocker = ['/var', '/var/lib', '/var/lib/docker', '/var/lib/containerd'].includes(path);
  if (holdsDocker) await machine.run(['systemctl', 'stop', ...dockerUnits]);
  try {
    await machine.run(['cp', '--archive', '--one-file-system', `${path}/.`, scratch]);
    await machine.run(['umount', scratch]);
    await machine.run(['rmdir', scratch]);
    // In fstab, so that the disk is there again after a power cut and before the services that use it.
    await machine.run(['tee', '--append', '/etc/fstab'], { input: `${image} ${path} ext4 loop 0 0\n` });
    await machine.run(['systemctl', 'daemon-reload']);
    await machine.run(['mount', path]);
  } finally {
    if (holdsDocker) await machine.run(['systemctl', 'start', 'docker.service']);
  }
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

export async function freeDisk(machine: MachineCommands, path: string): Promise<void> {
  const disk = await smallDiskOf(machine, path);
  await machine.run(['rm', '--force', `${disk.target}/${ballastName}`]);
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
