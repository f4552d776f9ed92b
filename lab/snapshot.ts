// A picture of what an update must not change on a host, for tests of "a dry run changes nothing" and "a second run is a
// no-op". Equal pictures mean: the same files to the byte, with the same modes, owners and times (directories too, so a
// temporary file that came and went is seen), the same units, the same images, the same containers since the same start.
// Not meant to span a power cut: units that run once, at a first boot, then differ.
import type { Machine } from './machine.ts';

/** What was looked at → what was seen; "file /etc/hosts" → "0644 root:root …". */
export type HostSnapshot = ReadonlyMap<string, string>;

export interface SnapshotOptions {
  /** More paths to leave out, with what is below them, such as the home of a session that is at work. */
  readonly ignore?: readonly string[];
}

const roots = ['/etc', '/usr/local', '/home', '/root', '/opt', '/var/lib'];
/** Of /var/lib only ours: the rest is Docker's, apt's and systemd's own bookkeeping. */
const onlyBelowVarLib = '/var/lib/convocate*';

/** Each with the one who changes it while nobody else does anything. */
const ignoredPaths: readonly string[] = [
  // Docker writes these three anew when a machine starts, joins or leaves a network.
  '/etc/resolv.conf',
  '/etc/hosts',
  '/etc/hostname',
  // Counts who took the rollout lock, whatever they did then.
  '/var/lib/convocate-agent/rollout/number',
];

// Mounts, scopes and devices are left out: they follow from containers and loop disks, which are pictured by themselves.
const unitTypes = '--type=service,socket,timer,slice,target,path';

export async function snapshotHost(machine: Machine, options: SnapshotOptions = {}): Promise<HostSnapshot> {
  const [files, units, images, containers] = await Promise.all([
    pictureFiles(machine, [...ignoredPaths, ...(options.ignore ?? [])]),
    pictureUnits(machine),
    pictureImages(machine),
    pictureContainers(machine),
  ]);
  return new Map([...files, ...units, ...images, ...containers].toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

/** One line for each difference; none when the two are equal. */
export function diffSnapshots(before: HostSnapshot, after: HostSnapshot): string[] {
  const keys = [...new Set([...before.keys(), ...after.keys()])].toSorted();
  return keys.flatMap((key) => {
    const was = before.get(key);
    const is = after.get(key);
    if (was === is) return [];
    if (was === undefined) return [`new      ${key}: ${is}`];
    if (is === undefined) return [`gone     ${key}: ${was}`];
    return [`changed  ${key}: ${was} -> ${is}`];
  });
}

type Entries = [string, string][];

async function pictureFiles(machine: Machine, ignored: readonly string[]): Promise<Entries> {
  const skip = ignored.flatMap((path) => ['-path', path, '-o']);
  // /var/lib itself is walked through but not pictured: its time changes with what others keep there.
  const others = ['(', '-path', '/var/lib/*', '-not', '-path', onlyBelowVarLib, ')'];
  const find = ['find', ...roots, '-ignore_readdir_race', '(', ...skip, ...others, ')', '-prune', '-o'];
  const ours = [...find, '-not', '-path', '/var/lib'];
  const facts = String.raw`%p\0%y %m %u:%g %T@ %l\0`;
  const [listing, sums] = await Promise.all([
    machine.run([...ours, '-printf', facts]),
    machine.run([...ours, '-type', 'f', '-exec', 'sha256sum', '--zero', '{}', '+']),
  ]);
  const sumOf = new Map(
    sums.stdout.split('\0').map((line): [string, string] => [line.slice(66), line.slice(0, 64)]),
  );
  const fields = listing.stdout.split('\0');
  const entries: Entries = [];
  for (let index = 0; index + 1 < fields.length; index += 2) {
    const path = fields[index] ?? '';
    entries.push([`file ${path}`, `${fields[index + 1]?.trimEnd()} ${sumOf.get(path) ?? ''}`.trimEnd()]);
  }
  return entries;
}

async function pictureUnits(machine: Machine): Promise<Entries> {
  const flags = ['--no-legend', '--no-pager', '--plain', '--all', unitTypes];
  const [loaded, installed] = await Promise.all([
    machine.run(['systemctl', 'list-units', ...flags]),
    machine.run(['systemctl', 'list-unit-files', ...flags]),
  ]);
  return [
    ...columns(loaded.stdout).map(([unit, load, active, sub]): [string, string] => [
      `unit ${unit}`,
      `${load} ${active} ${sub}`,
    ]),
    ...columns(installed.stdout).map(([unit, state]): [string, string] => [`unit-file ${unit}`, state ?? '']),
  ];
}

async function pictureImages(machine: Machine): Promise<Entries> {
  const format = '{{.Repository}}:{{.Tag}} {{.ID}}';
  const { stdout } = await machine.run(['docker', 'images', '--all', '--no-trunc', '--format', format]);
  return lines(stdout).map((line) => [`image ${line}`, 'present']);
}

async function pictureContainers(machine: Machine): Promise<Entries> {
  const ids = lines((await machine.run(['docker', 'ps', '--all', '--quiet', '--no-trunc'])).stdout);
  if (ids.length === 0) return [];
  const format =
    '{{.Id}} {{.Name}} {{.Image}} {{.State.Status}} started={{.State.StartedAt}} pid={{.State.Pid}}';
  const { stdout } = await machine.run(['docker', 'inspect', '--format', format, ...ids]);
  return lines(stdout).map((line) => {
    const [id = '', ...rest] = line.split(' ');
    return [`container ${id}`, rest.join(' ')];
  });
}

function columns(text: string): string[][] {
  return lines(text).map((line) => line.trim().split(/\s+/));
}

function lines(text: string): string[] {
  return text.split('\n').filter((line) => line !== '');
}
