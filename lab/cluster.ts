// A cluster as an operator would set it up: a lab, a release installed on its shell host, its agents initialised.
import { basename, join } from 'node:path';
import { readFolder } from '../src/convocate/install/build-tree.ts';
import { toolchainTag } from '../src/convocate/install/release.ts';
import { baseImageTag } from './base-image.ts';
import type { MachineKind } from './images.ts';
import { type Lab, openLab } from './lab.ts';
import type { Machine } from './machine.ts';
import { provisioningUser } from './ssh-access.ts';

export interface ClusterOptions {
  readonly name: string;
  readonly agents: number;
  /** The built tree that is installed on the shell host; see trees.ts. */
  readonly tree: string;
  readonly toolchain?: 'full' | 'minimal';
  /** bookworm has Docker 20.10 and a graph driver, trixie Docker 26 and the containerd image store. */
  readonly kind?: MachineKind;
}

/** Boots a lab and sets it up with the product's own commands, to the point where every agent answers. */
export async function openCluster(options: ClusterOptions): Promise<Lab> {
  const lab = await openLab({
    name: options.name,
    agents: options.agents,
    ...(options.kind && { kind: options.kind }),
  });
  try {
    await installTree(lab, options.tree, options.toolchain);
    await lab.shell.run(['convocate-host', 'init-shell']);
    await Promise.all(lab.agents.map((agent) => initAgent(lab, agent)));
    return lab;
  } catch (error) {
    await lab.close();
    throw error;
  }
}

/** `sudo make install` of a built tree on the shell host, as after `git checkout` and `make build` there. */
export async function installTree(
  { shell }: Pick<Lab, 'shell'>,
  tree: string,
  toolchain: 'full' | 'minimal' = 'minimal',
): Promise<string> {
  const folder = `/opt/convocate/${basename(tree)}`;
  await shell.run(['rm', '-rf', folder]);
  await shell.run(['mkdir', '-p', folder]);
  await shell.copyIn(join(tree, 'build'), `${folder}/build`);
  await shell.copyIn(join(tree, 'Makefile'), `${folder}/Makefile`);
  const toolchainImage = await warmUp(shell, tree, toolchain);
  const flags = `INSTALL_FLAGS=--base-image ${baseImageTag('bookworm')} --toolchain ${toolchain}`;
  const { stdout } = await shell.run(['make', '-C', folder, 'install', flags], { timeoutMs: 30 * 60_000 });
  await keepToolchain(shell, toolchainImage);
  return stdout;
}

/** First contact with the fingerprint read on the host itself, as a careful operator does it. */
export async function initAgent(lab: Lab, agent: Machine, extra: readonly string[] = []): Promise<string> {
  const fingerprint = await agent.sshHostFingerprint();
  const { stdout } = await lab.shell.run(
    [
      ...['convocate-host', 'init-agent', '--host', agent.hostname, '--user', provisioningUser],
      ...['--host-key', fingerprint, '--soak', '1s', ...extra],
    ],
    { timeoutMs: 10 * 60_000 },
  );
  return stdout;
}

/** A toolchain that an earlier lab built is put into the shell host's Docker: the same image, built once a box. */
async function warmUp(shell: Machine, tree: string, kind: 'full' | 'minimal'): Promise<string> {
  const base = baseImageTag('bookworm');
  const isThere = await shell.exec(['docker', 'image', 'inspect', base]);
  if (isThere.exitCode !== 0) await shell.loadImage(base);
  const baseId = (await shell.run(['docker', 'image', 'inspect', '--format', '{{.Id}}', base])).stdout.trim();
  const tag = toolchainTag(await readFolder(join(tree, 'build/image/toolchain')), baseId, kind);
  const loaded = await shell.exec(['docker', 'image', 'inspect', tag]);
  if (loaded.exitCode !== 0 && (await shell.docker.hasImage(tag))) await shell.loadImage(tag);
  return tag;
}

async function keepToolchain(shell: Machine, tag: string): Promise<void> {
  const { docker } = shell;
  if (await docker.hasImage(tag)) return;
  await docker.pipe(shell.execArgs(['docker', 'save', tag], {}), ['load', '--quiet']);
}
