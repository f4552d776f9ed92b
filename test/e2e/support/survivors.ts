// The rows of the user guide's "What survives an update", read from the machines themselves, to be compared to the byte
// with diffSnapshots of lab/snapshot.ts.
import type { Machine } from '../../../lab/machine.ts';
import type { HostSnapshot } from '../../../lab/snapshot.ts';

type Entries = [string, string][];

/** Where keys, the agent id and the operator's own settings lie on an agent. The stamp is what an update is to change. */
const kept = [
  '/etc/convocate-agent',
  '-mindepth',
  '1',
  '-path',
  '/etc/convocate-agent/current-image',
  '-prune',
  '-o',
];
const sliceFile = '/etc/systemd/system/convocate-sessions.slice';
const sliceLimits = 'CPUQuotaPerSecUSec,MemoryMax,TasksMax,CPUAccounting,MemoryAccounting,TasksAccounting';

/** Of an agent host: its session containers, homes, keys, slice (file and effective limits) and agent id. */
export async function survivorsOfAgent(agent: Machine): Promise<HostSnapshot> {
  const [containers, homes, configuration, slice, limits] = await Promise.all([
    sessionContainers(agent),
    tree(agent, ['/home/claude', '-mindepth', '1']),
    tree(agent, kept),
    tree(agent, [sliceFile]),
    agent.run(['systemctl', 'show', 'convocate-sessions.slice', '--property', sliceLimits]),
  ]);
  return new Map([...containers, ...homes, ...configuration, ...slice, ['slice limits', limits.stdout]]);
}

/** Of the shell host: every key and record of the cluster. */
export async function survivorsOfShell(shell: Machine): Promise<HostSnapshot> {
  return new Map(await tree(shell, ['/etc/convocate']));
}

/** Times left out: a file that was put right is as it was, but newer. */
export function apartFromTimes(snapshot: HostSnapshot): HostSnapshot {
  return new Map([...snapshot].map(([key, value]) => [key, value.replace(/\d{10}\.\d{6,}/, '')]));
}

/** Stopped ones too: container id → name, image, whether and since when it runs, and with which process. */
export async function sessionContainers(agent: Machine): Promise<Entries> {
  const { stdout } = await agent.run([
    'docker',
    'ps',
    '-aq',
    '--no-trunc',
    '--filter',
    'label=convocate.session',
  ]);
  const ids = lines(stdout);
  if (ids.length === 0) return [];
  const format =
    '{{.Id}} {{.Name}} {{.Image}} {{.Config.Image}} {{.State.Status}} {{.State.StartedAt}} {{.State.Pid}}';
  const inspected = await agent.run(['docker', 'inspect', '--format', format, ...ids]);
  return lines(inspected.stdout).map((line) => {
    const [id = '', ...rest] = line.split(' ');
    return [`container ${id}`, rest.join(' ')];
  });
}

async function tree(machine: Machine, where: readonly string[]): Promise<Entries> {
  const facts = String.raw`%p\0%y %m %u:%g %s %T@ %l\0`;
  const [listing, sums] = await Promise.all([
    machine.run(['find', ...where, '-printf', facts]),
    machine.run(['find', ...where, '-type', 'f', '-exec', 'sha256sum', '--zero', '{}', '+']),
  ]);
  const sumOf = new Map(
    sums.stdout.split('\0').map((line): [string, string] => [line.slice(66), line.slice(0, 64)]),
  );
  const fields = listing.stdout.split('\0');
  const entries: Entries = [];
  for (let index = 0; index + 1 < fields.length; index += 2) {
    const path = fields[index] ?? '';
    entries.push([`file ${path}`, `${fields[index + 1] ?? ''} ${sumOf.get(path) ?? ''}`]);
  }
  return entries;
}

function lines(text: string): string[] {
  return text.split('\n').filter((line) => line !== '');
}
