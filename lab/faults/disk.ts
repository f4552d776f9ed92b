// A disk that can be full: a small ext4 file system in a file, loop-mounted where the test wants "No space left".
import type { Machine } from '../machine.ts';

/** No small disk is larger; what is larger is the box's own disk, which must never be filled. */
const maxSizeBytes = 4 * 1024 ** 3;
const ballastName = '.lab-ballast';

/** Docker holds its data-root open: it has to let go before the ground is changed under it. */
const dockerUnits = ['docker.socket', 'docker.service', 'containerd.service'];

export async function mountSmallDisk(machine: Machine, path: string, sizeBytes: number): Promise<void> {
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

/**
 * One small disk that holds all of these directories, as a host's root does. It is there before systemd starts, so
 * units may lie on it. Fill and free it by the path that this answers.
 */
export async function shareSmallDisk(
  machine: Machine,
  directories: readonly string[],
  sizeBytes: number,
): Promise<string> {
  if (sizeBytes > maxSizeBytes) throw new Error(`a small disk has at most ${maxSizeBytes} bytes`);
  const [image, disk, atBoot] = ['/lab/disk-shared.img', '/lab/shared', '/lab/at-boot'];
  await machine.run(['mkdir', '-p', disk, ...directories]);
  await machine.run(['truncate', `--size=${sizeBytes}`, image]);
  await machine.run(['mkfs.ext4', '-q', '-F', '-m', '0', image]);
  await machine.run(['mount', '-o', 'loop', image, disk]);
  for (const directory of directories) {
    await machine.run(['mkdir', '-p', `${disk}${directory}`]);
    await machine.run(['cp', '--archive', '--one-file-system', `${directory}/.`, `${disk}${directory}`]);
  }
  await machine.run(['umount', disk]);
  const mounts = [
    `mount -o loop ${image} ${disk}`,
    ...directories.map((directory) => `mount --bind ${disk}${directory} ${directory}`),
  ];
  await machine.writeFile(atBoot, `#!/bin/sh\nset -eu\n${mounts.join('\n')}\n`, { mode: '0755' });
  await machine.run([atBoot]);
  return disk;
}

export async function fillDisk(machine: Machine, path: string, freeBytes: number): Promise<void> {
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

export async function freeDisk(machine: Machine, path: string): Promise<void> {
  const disk = await smallDiskOf(machine, path);
  await machine.run(['rm', '--force', `${disk.target}/${ballastName}`]);
  await machine.run(['sync', '--file-system', disk.target]);
}

interface SmallDisk {
  readonly target: string;
  readonly availableBytes: number;
}

async function smallDiskOf(machine: Machine, path: string): Promise<SmallDisk> {
  const { stdout } = await machine.run(['df', '--block-size=1', '--output=source,avail,target', path]);
  const [source = '', available = '', target = ''] = stdout.split('\n')[1]?.split(/\s+/) ?? [];
  if (!source.startsWith('/dev/loop')) {
    throw new Error(`${machine.name}: ${path} is on the box's own disk: mountSmallDisk first`);
  }
  return { target, availableBytes: Number(available) };
}
