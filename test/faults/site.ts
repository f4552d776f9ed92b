// A cluster on which cells follow each other: a shell host that stores all releases, and one agent host with two
// sessions, whose disks are small enough to be filled.
import { initAgent, installTree } from '../../lab/cluster.ts';
import { openEngine } from '../../lab/engine.ts';
import { type Lab, openLab } from '../../lab/lab.ts';
import type { Machine } from '../../lab/machine.ts';
import { removeLab } from '../../lab/remove.ts';
import { runUpdate } from '../e2e/support/rollout-run.ts';
import { installStandIn } from '../e2e/support/session-stand-in.ts';
import { newSession } from '../e2e/support/sessions.ts';
import { pointShellAt } from './ready.ts';
import type { Trees } from './trees.ts';

/** Which of Docker's image stores the hosts have: Docker 20.10 with a graph driver, Docker 26 with containerd's. */
export type Store = 'graph' | 'containerd';

export interface Site extends AsyncDisposable {
  readonly store: Store;
  readonly lab: Lab;
  readonly shell: Machine;
  readonly agent: Machine;
  /** The agent host, as an operator names it. */
  readonly host: string;
  /** Versions that take turns; none of them is pinned by a session. */
  readonly releases: readonly string[];
  /** The session that runs; the other one is stopped. */
  readonly session: string;
  /** The small disks under programs, units and settings on the agent host, under its state, and under Docker's data. */
  readonly rootDisk: string;
  readonly varDisk: string;
  readonly dockerDisk: string;
}

const MEBIBYTE = 1024 ** 2;
const KIND = { graph: 'bookworm', containerd: 'trixie' } as const;
const DOCKER_DATA = { graph: ['/var/lib/docker'], containerd: ['/var/lib/docker', '/var/lib/containerd'] };
/** What a rollout writes to, apart from Docker's data: on two disks, as on a host where /var is one of its own. */
const ROOT = ['/etc/systemd/system', '/etc/convocate-agent', '/usr/local', '/tmp'];
const VAR = ['/var/lib/convocate-agent'];

export async function openSite(name: string, store: Store, trees: Trees): Promise<Site> {
  const { docker } = await openEngine();
  await removeLab(docker, name); // of a run that was killed
  const lab = await openLab({ name, agents: 1, kind: KIND[store] });
  try {
    const { shell } = lab;
    const agent = lab.agent(0);
    const dockerDisk = await agent.mountSmallDisk(DOCKER_DATA[store], 3_000 * MEBIBYTE);
    const rootDisk = await agent.mountSmallDisk(ROOT, 1_500 * MEBIBYTE);
    const varDisk = await agent.mountSmallDisk(VAR, 1_000 * MEBIBYTE);
    await installTree(lab, trees.first.tree);
    await shell.run(['convocate-host', 'init-shell']);
    await initAgent(lab, agent);
    await installStandIn(agent);
    const host = agent.hostname;
    const session = await newSession(shell, host, 'at-work');
    await newSession(shell, host, 'stopped', false);
    for (const { tree } of [...trees.bad.values(), ...trees.good]) await installTree(lab, tree);
    const releases = trees.good.map(({ version }) => version);
    const site: Site = {
      ...{ store, lab, shell, agent, host, releases, session, rootDisk, varDisk, dockerDisk },
      [Symbol.asyncDispose]: () => lab.close(),
    };
    await moveTo(site, releases[0] ?? ''); // a live release and one before it, as on any host that was updated
    return site;
  } catch (error) {
    await lab.close();
    throw error;
  }
}

async function moveTo(site: Site, version: string): Promise<void> {
  await pointShellAt(site, version);
  const { exitCode, stderr } = await runUpdate(site.shell, site.host);
  if (exitCode !== 0) throw new Error(`setting up: update to ${version} exited with ${exitCode}\n${stderr}`);
}
