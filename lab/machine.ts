// One machine of a lab: run things on it, move files, and do to it what happens to real hosts.
import * as clock from './faults/clock.ts';
import * as disk from './faults/disk.ts';
import * as hostKey from './faults/host-key.ts';
import * as network from './faults/network.ts';
import * as power from './faults/power.ts';
import * as files from './machine-files.ts';
import type { FileOptions } from './machine-files.ts';
import { MachineCommands } from './machine-commands.ts';

export class Machine extends MachineCommands {
  /** The whole file at once, directories above it made. */
  writeFile = (path: string, content: string | Uint8Array, options?: FileOptions): Promise<void> =>
    files.writeFile(this, path, content, options);
  readFile = (path: string): Promise<string> => files.readFile(this, path);
  readBytes = (path: string): Promise<Buffer> => files.readBytes(this, path);
  /** A file becomes `remotePath`; a directory's content lands in it. Modes are kept, the owner is root. */
  copyIn = (localPath: string, remotePath: string): Promise<void> =>
    files.copyIn(this, localPath, remotePath);

  /** `docker save` of the lab's engine into `docker load` of the machine's: no registry, no network. */
  async loadImage(outerTag: string): Promise<void> {
    await this.docker.pipe(['save', outerTag], this.execArgs(['docker', 'load', '--quiet'], { input: '' }));
  }

  /** The same for the machine's whole life, through power cuts and partitions. */
  address(): Promise<string> {
    return Promise.resolve(this.identity.address);
  }

  /** The machine's ed25519 host key as sshd has it on disk: "ssh-ed25519 AAAA…". */
  sshHostKey = (): Promise<string> => hostKey.sshHostKey(this);
  /** "SHA256:…" of that key. */
  sshHostFingerprint = (): Promise<string> => hostKey.sshHostFingerprint(this);
  /** Another host key from now on, as after a reinstall or with someone in the middle. */
  swapHostKey = (): Promise<void> => hostKey.swapHostKey(this);
  restoreHostKey = (): Promise<void> => hostKey.restoreHostKey(this);

  /** Everything on it dies at once; what is on disk stays. */
  powerCut = (): Promise<void> => power.powerCut(this);
  /** Boots and waits until sshd and Docker answer. */
  powerOn = (timeoutMs?: number): Promise<void> => power.powerOn(this, timeoutMs);
  waitReady = (timeoutMs?: number): Promise<string> => power.waitReady(this, timeoutMs);

  /** Packets to and from it vanish, until rejoin, power cuts included. Open connections hang; exec still works. */
  partition = (): Promise<void> => network.partition(this);
  rejoin = (): Promise<void> => network.rejoin(this);
  /** Each direction, in tc's words, such as "10mbit"; until unlimit, power cuts included. */
  limitBandwidth = (rate: string): Promise<void> => network.limitBandwidth(this, rate);
  unlimit = (): Promise<void> => network.unlimit(this);

  /** One file system of this size below these directories, with what was there; it stays through a power cut. */
  mountSmallDisk = (directories: readonly string[], sizeBytes: number): Promise<string> =>
    disk.mountSmallDisk(this, directories, sizeBytes);
  /** Leaves at most `freeBytes` on the small disk that holds `path`. */
  fillDisk = (path: string, freeBytes: number): Promise<void> => disk.fillDisk(this, path, freeBytes);
  keepDiskFull = (path: string): Promise<void> => disk.keepDiskFull(this, path);
  freeDisk = (path: string): Promise<void> => disk.freeDisk(this, path);

  /** What time programs that start from now on are told, as seconds from the true one; 0 ends it. */
  shiftClock = (seconds: number): Promise<void> => clock.shiftClock(this, seconds);
}
