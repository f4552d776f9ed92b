import * as fs from 'node:fs';
import { join } from 'node:path';
import { withDeadline } from '../../base/deadline.ts';
import { OperationError } from '../../base/errors.ts';
import type { CommandOptions, CommandResult } from '../../base/run-command.ts';
import type { Armed } from '../../protocol/armed.ts';
import { AGENT_HOST } from '../../protocol/host-layout.ts';
import { RAISE_FENCE } from '../../protocol/rollout-fence.ts';
import { FakeDisk } from './fake-disk.ts';
import { fakeRelease } from './release-fixture.ts';

const { unit, deadManUnit, releasesDir, rolloutDir } = AGENT_HOST;
const UNITS = '/etc/systemd/system';
const RAISE_FENCE_ARGS = [rolloutDir, AGENT_HOST.rolloutWorkLock, AGENT_HOST.oldRolloutWorkLock];

/** All of it that outlives a program. */
interface MachineState {
  /** See {@link FakeDisk.contents}. */
  readonly files: Readonly<Record<string, string>>;
  readonly enabled: readonly string[];
  readonly activeState: string;
  readonly runsUnit: string;
  readonly readUnits: Readonly<Record<string, string>>;
  readonly workers: number;
}

/**
 * A host below a directory of the test's: real files, and a model of the little of systemd that going back asks for.
 * Any other command throws. What a program does here can be cut off before any change; see {@link FakeDisk}.
 */
export class FakeMachine extends FakeDisk {
  /** systemd's word on the agent's unit. */
  activeState = 'active';
  restarts = 0;
  /** systemd has a job to start the agent's unit, which waits for other units. */
  queued = false;
  /** Whether systemd tells of units at all. */
  answers = true;
  /** Text of the unit that the agent's process was started with. */
  runsUnit = '';
  /** Texts of the units as systemd read them last, and of what time they were. */
  #readUnits = new Map<string, { readonly text: string; readonly mtimeMs: number }>();
  readonly #enabled = new Set<string>();
  /** Processes of operators' rollouts that work on the host behind the fence. */
  workers = 0;

  /** A host that holds these releases, one of them live and running. */
  install(live: string, held: readonly string[]): void {
    this.destroy();
    this.mend();
    for (const place of ['/proc', '/run', '/usr/local/bin', AGENT_HOST.configDir, rolloutDir])
      fs.mkdirSync(this.place(place), { recursive: true });
    for (const version of held)
      for (const [path, text] of Object.entries(fakeRelease(version)))
        this.write(join(releasesDir, version, path), text);
    this.write('/proc/uptime', '100.25 180.00\n');
    this.write(`${rolloutDir}/number`, '7              \n');
    this.link(AGENT_HOST.programLink, join(AGENT_HOST.currentLink, 'convocate-agent'));
    this.#enabled.clear();
    this.#enabled.add(unit);
    this.workers = 0;
    this.switchTo(live);
    this.runs(live);
    this.changes.length = 0;
  }

  /** A host on which `armed.to` is live and runs, while the rollout that brought it waits for its word. */
  installOpen(armed: Armed): void {
    this.install(armed.from, ['v0', 'v1', 'v2']);
    this.write(`${rolloutDir}/armed.json`, JSON.stringify(armed));
    this.write(`${rolloutDir}/ballast`, 'room');
    this.write(AGENT_HOST.rolloutBootMark, '');
    this.workers = 1;
    this.switchTo(armed.to, armed.from);
    this.runs(armed.to);
  }

  /** As an activation leaves the host, before the restart. */
  switchTo(version: string, previous?: string): void {
    this.write(`${UNITS}/${unit}`, fakeRelease(version)[`install/${unit}`] ?? '');
    this.#readAllUnits();
    this.link(AGENT_HOST.currentLink, join(releasesDir, version));
    if (previous !== undefined) this.link(AGENT_HOST.previousLink, join(releasesDir, previous));
    this.write(AGENT_HOST.currentImageFile, `convocate:${version}\n`);
  }

  /** The agent's process is of this release. */
  runs(version: string): void {
    this.link('/proc/4711/exe', join(releasesDir, version, 'runtime/node'));
    this.runsUnit = this.#readUnits.get(unit)?.text ?? '';
    this.queued = false;
    this.activeState = 'active';
    this.restarts = 0;
  }

  /** All that must be the same however often a program was killed on its way: files, links, what runs. */
  state(): MachineState {
    return {
      files: this.contents(),
      enabled: [...this.#enabled],
      activeState: this.activeState,
      runsUnit: this.runsUnit,
      readUnits: Object.fromEntries([...this.#readUnits].map(([name, { text }]) => [name, text])),
      workers: this.workers,
    };
  }

  /** The release whose program the agent's process runs. */
  get running(): string | undefined {
    return this.activeState === 'active' ? this.linked('/proc/4711/exe', 3) : undefined;
  }

  get fenceNumber(): number {
    return Number.parseInt(this.read(`${rolloutDir}/number`) ?? '', 10);
  }

  /** Stands for `runCommand`. */
  readonly runCommand = async (
    argv: readonly string[],
    { timeoutMs }: CommandOptions = {},
  ): Promise<CommandResult> => {
    const running = this.#run(argv);
    const answer = await (timeoutMs === undefined
      ? running
      : withDeadline(running, timeoutMs, String(argv[0])));
    const result = typeof answer === 'string' ? { stdout: answer } : answer;
    return { exitCode: 0, stdout: '', stderr: '', ...result };
  };

  /** Stands for `runChecked`. */
  readonly runChecked = async (argv: readonly string[], options?: CommandOptions): Promise<string> => {
    const { exitCode, stdout, stderr } = await this.runCommand(argv, options);
    if (exitCode !== 0) throw new OperationError(`${argv[0]} failed`, { argv, exitCode, output: stderr });
    return stdout;
  };

  async #run(argv: readonly string[]): Promise<string | Partial<CommandResult>> {
    const [program, verb = '', ...rest] = argv;
    if (program === 'sh' && rest[1] === 'raise-fence') return await this.#shutOut(rest);
    const line = argv.join(' ');
    const show = new RegExp(`^systemctl show ${unit} -p (\\w+) --value$`).exec(line)?.[1];
    if (show !== undefined) return await this.look(() => `${this.#show(show)}\n`);
    if (line === `systemctl show ${unit} -p ActiveState,NRestarts`)
      return await this.look(() => this.#showState());
    if (line.startsWith('systemctl show --property=NeedDaemonReload '))
      return await this.look(() =>
        rest
          .slice(1)
          .map((name) => this.#needsReload(name))
          .join('\n'),
      );
    if (program === 'systemctl' && verb === 'is-enabled')
      return await this.look(() => (this.#enabled.has(rest[0] ?? '') ? 'enabled\n' : 'disabled\n'));
    return await this.change(line, () => this.#changeBy(line));
  }

  #needsReload(name: string): string {
    if (!this.answers) return '';
    // As systemd has it: whatever the text is, only a newer file counts.
    const found = fs.statSync(this.place(`${UNITS}/${name}`), { throwIfNoEntry: false });
    const isRead = !found || found.mtimeMs <= (this.#readUnits.get(name)?.mtimeMs ?? 0);
    return `NeedDaemonReload=${isRead ? 'no' : 'yes'}\n`;
  }

  #readAllUnits(): void {
    const names = fs.readdirSync(this.place(UNITS)).filter((name) => name.endsWith('.service'));
    this.#readUnits = new Map(
      names.map((name) => {
        const { mtimeMs } = fs.statSync(this.place(`${UNITS}/${name}`));
        return [name, { text: this.read(`${UNITS}/${name}`) ?? '', mtimeMs }];
      }),
    );
  }

  #show(property: string): string {
    const values: Record<string, string> = {
      ActiveState: this.activeState,
      MainPID: ['inactive', 'failed'].includes(this.activeState) ? '0' : '4711',
      NRestarts: String(this.restarts),
      Job: this.queued ? '4242' : '0',
    };
    return values[property] ?? '';
  }

  #showState(): string {
    if (!this.answers) return '';
    return ['ActiveState', 'NRestarts'].map((property) => `${property}=${this.#show(property)}\n`).join('');
  }

  #changeBy(line: string): Partial<CommandResult> {
    if (line === 'systemctl daemon-reload') this.#readAllUnits();
    else if (line === `systemctl restart ${unit}`) this.runs(this.linked(AGENT_HOST.currentLink) ?? '');
    else if (line === `systemctl kill --signal=KILL ${unit}`) this.activeState = 'failed';
    else if (line === `systemctl enable --quiet ${deadManUnit}`) this.#enable(deadManUnit);
    else if (!HARMLESS.has(line)) throw new Error(`the fake machine cannot run: ${line}`);
    return {};
  }

  #enable(name: string): void {
    fs.mkdirSync(this.place(`${UNITS}/multi-user.target.wants`), { recursive: true });
    this.#enabled.add(name);
  }

  async #shutOut([script = '', ...args]: readonly string[]): Promise<string> {
    if (args.slice(1).join() !== RAISE_FENCE_ARGS.join()) throw new Error(`a fence at ${args.join(' ')}`);
    const act = script.slice(RAISE_FENCE.length + 1);
    const isDone = 'open_place "$2" && flock -w 5 "$2" true && own_old "$3" || ';
    if (act.startsWith(isDone) && this.workers === 0) return '';
    if (act.replace(isDone, '') !== 'raise_fence "$1" "$2" "$3"')
      throw new Error(`a fence that does: ${act}`);
    await this.change('raise number', () => this.write(`${rolloutDir}/number`, `${this.fenceNumber + 1}\n`));
    await this.change('end workers', () => void (this.workers = 0));
    return '';
  }
}

const HARMLESS = new Set([
  'systemd-notify --ready',
  `systemctl reset-failed ${unit}`,
  `systemctl reset-failed ${deadManUnit}`,
  `systemctl restart ${deadManUnit}`,
  `systemctl start ${deadManUnit}`,
  `systemctl stop ${deadManUnit}`,
]);
