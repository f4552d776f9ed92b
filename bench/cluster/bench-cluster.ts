// The lab that everything is measured in: a shell host, one agent, and releases of which each differs from the one
// before in just what a measure asks for.
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { installTree, openCluster } from '../../lab/cluster.ts';
import type { Lab } from '../../lab/lab.ts';
import type { Machine } from '../../lab/machine.ts';
import { buildTree } from '../../lab/trees.ts';
import { say } from '../progress.ts';
import { labName, versionAt } from './leftovers.ts';
import { type BenchSessions, startSessions } from './sessions.ts';

export interface InstalledRelease {
  readonly version: string;
  /** The built tree on the shell host. */
  readonly folder: string;
}

export type Change = 'image' | 'image and agent program';

/** One of our own few files in the image, and one line of code that no minifier may drop. */
const changedFiles: Record<Change, Readonly<Record<string, (mark: string) => string>>> = {
  image: { 'image/rootfs/usr/local/lib/convocate-session/entrypoint': (mark) => `# ${mark}\n` },
  'image and agent program': {
    'image/rootfs/usr/local/lib/convocate-session/entrypoint': (mark) => `# ${mark}\n`,
    'src/convocate-agent/main.ts': (mark) => `\nprocess.title += ${JSON.stringify(`, ${mark}`)};\n`,
  },
};

export class BenchCluster {
  readonly lab: Lab;
  readonly toolchain: 'full' | 'minimal';
  #releases = 1;
  #program: Buffer;
  #current: InstalledRelease;
  #sessions: BenchSessions | undefined;

  constructor(lab: Lab, toolchain: 'full' | 'minimal', first: InstalledRelease, tree: string) {
    this.lab = lab;
    this.toolchain = toolchain;
    this.#current = first;
    this.#program = programIn(tree);
  }

  get shell(): Machine {
    return this.lab.shell;
  }

  get agent(): Machine {
    return this.lab.agent(0);
  }

  /** What `convocate-host update` rolls out now. */
  get current(): InstalledRelease {
    return this.#current;
  }

  /** Three sessions that run and wait, started at the first call. */
  async sessions(): Promise<BenchSessions> {
    this.#sessions ??= await startSessions(this.shell, this.agent);
    return this.#sessions;
  }

  /** `make install` of a fresh version, which may have `added` files; the agent does not have it yet. */
  async installNext(
    change: Change,
    added: Readonly<Record<string, Uint8Array>> = {},
  ): Promise<InstalledRelease> {
    const version = versionAt(this.#releases);
    this.#releases += 1;
    say(`building and installing ${version}: another ${change}`);
    const appended = Object.fromEntries(
      Object.entries(changedFiles[change]).map(([file, text]) => [file, text(`bench ${version}`)]),
    );
    const tree = await buildTree({ version, appended, added });
    if (change === 'image') this.#expectSameProgram(tree);
    await installTree(this.lab, tree, this.toolchain);
    this.#current = installed(version);
    return this.#current;
  }

  /** Someone who edits src/ meanwhile makes an update of the image one of the program too. */
  #expectSameProgram(tree: string): void {
    const program = programIn(tree);
    if (!program.equals(this.#program))
      say('warning: src/ changed meanwhile, so the agent program is another too');
    this.#program = program;
  }

  /** The Node that our programs run on, on the shell host. */
  async nodeOnShell(): Promise<string> {
    const { stdout } = await this.shell.run(['readlink', '-f', '/usr/local/bin/convocate']);
    return `${dirname(stdout.trim())}/runtime/node`;
  }
}

/** To be taken away by removeLeftovers(), also when this throws. */
export async function openBenchCluster(toolchain: 'full' | 'minimal'): Promise<BenchCluster> {
  const version = versionAt(0);
  const tree = await buildTree({ version });
  const lab = await openCluster({ name: labName, agents: 1, tree, toolchain });
  return new BenchCluster(lab, toolchain, installed(version), tree);
}

function programIn(tree: string): Buffer {
  return readFileSync(join(tree, 'build/lib/convocate-agent.mjs'));
}

/** Where installTree puts it. */
function installed(version: string): InstalledRelease {
  return { version, folder: `/opt/convocate/${version}/build` };
}
