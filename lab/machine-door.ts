// The short way into a machine. `docker exec` takes a tenth of a second each time, most of it computing, and a test that
// looks at a screen goes in ten times a second: where the engine runs on this box, we enter its namespaces ourselves.
import { readFileSync } from 'node:fs';
import type { Docker } from './docker.ts';

/** The ones who are at a machine all the time, with a group of the same name, and their homes. */
const HOMES: ReadonlyMap<string, string> = new Map([
  ['root', '/root'],
  ['claude', '/home/claude'],
]);

export interface Visit {
  /** Default root. */
  readonly user?: string | undefined;
  readonly cwd?: string | undefined;
  readonly env?: Readonly<Record<string, string>> | undefined;
}

interface Inside {
  /** Of the machine's first process, as this box counts. */
  readonly pid: number;
  /** What programs on it start with. */
  readonly env: readonly string[];
}

export class MachineDoor {
  readonly #docker: Docker;
  readonly #containerId: string;
  #inside: Inside | undefined;

  constructor(docker: Docker, containerId: string) {
    this.#docker = docker;
    this.#containerId = containerId;
  }

  /**
   * An argv for this box that runs `argv` on the machine; undefined where only the engine can: it is elsewhere, the machine
   * is off, or the user is another one, of whom it looks up home and groups.
   */
  async argvFor(
    argv: readonly string[],
    { user = 'root', cwd, env = {} }: Visit,
  ): Promise<string[] | undefined> {
    const home = HOMES.get(user);
    const inside = home && (await this.#find());
    if (!inside) return undefined;
    const variables = Object.entries(env).map(([name, value]) => `${name}=${value}`);
    return [
      'nsenter',
      `--target=${inside.pid}`,
      ...['--mount', '--uts', '--ipc', '--net', '--pid', '--cgroup', '--root', '--wd'],
      '--',
      ...(user === 'root' ? [] : ['setpriv', `--reuid=${user}`, `--regid=${user}`, '--init-groups']),
      ...['env', '--ignore-environment', ...(cwd === undefined ? [] : [`--chdir=${cwd}`])],
      ...[`HOME=${home}`, ...inside.env, ...variables],
      ...argv,
    ];
  }

  async #find(): Promise<Inside | undefined> {
    if (this.#inside && this.#isOurs(this.#inside.pid)) return this.#inside;
    this.#inside = undefined;
    if (process.getuid?.() !== 0) return undefined;
    const format = '{{.State.Pid}} {{.Config.Hostname}} {{json .Config.Env}}';
    const answer = await this.#docker.exec(['inspect', `--format=${format}`, this.#containerId]);
    const [, pid = '0', hostname, env = '[]'] = /^(\d+) (\S+) (.*)$/.exec(answer.stdout.trim()) ?? [];
    if (answer.exitCode !== 0 || pid === '0' || !this.#isOurs(Number(pid))) return undefined;
    const own = (JSON.parse(env) as string[] | null) ?? [];
    this.#inside = { pid: Number(pid), env: [`HOSTNAME=${hostname}`, ...own] };
    return this.#inside;
  }

  /** The number is that of a process on this box, and it is the machine's: another may have got it after a power cut. */
  #isOurs(pid: number): boolean {
    try {
      return readFileSync(`/proc/${pid}/cgroup`, 'utf8').includes(this.#containerId);
    } catch {
      return false;
    }
  }
}
