import { RpcError } from '../../protocol/error-codes.ts';
import type {
  ContainerEvent,
  ContainerFacts,
  ContainerSpec,
  Docker,
  ExecCommand,
  ExecResult,
  ListedContainer,
  LogOptions,
  LogTail,
  Terminal,
} from './docker.ts';

type Call = Exclude<keyof Docker, 'events'>;
type Script = ExecResult | ((command: ExecCommand) => ExecResult);

/**
 * An engine in memory, for unit tests. It knows containers and images as Docker does and fails, as a bug of the test
 * or of the agent, on whatever was not foreseen: an unknown container, a command that was not announced.
 */
export class FakeDocker implements Docker {
  readonly images = new Set<string>();
  readonly specs = new Map<string, ContainerSpec>();
  /** Every call that changes something, as `name argument`. */
  readonly calls: string[] = [];
  readonly #containers = new Map<string, ContainerFacts>();
  readonly #scripts = new Map<string, Script>();
  readonly #logs = new Map<string, string[]>();
  readonly #failures = new Map<Call, string>();
  readonly #mute = new Set<string>();
  readonly #holds = new Map<Call, Promise<void>>();
  readonly #watchers = new Set<(event: ContainerEvent | Error) => void>();
  #down = false;
  #made = 0;
  #started = 0;

  /** The next `call` fails with these words of Docker's. */
  failNext(call: Call, words: string): void {
    this.#failures.set(call, words);
  }

  /** Keeps the next `call` waiting until the function that this gives is called. */
  holdNext(call: Call): () => void {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#holds.set(call, promise);
    return resolve;
  }

  /** A container that cannot be inspected, until the function that this gives is called. */
  tellNothingOf(container: string): () => void {
    this.#mute.add(container);
    return () => this.#mute.delete(container);
  }

  /** Announces a program that `exec` may run. */
  script(program: string, result: Script): void {
    this.#scripts.set(program, result);
  }

  /** A container's process prints a line. */
  print(container: string, line: string): void {
    const { id } = this.#get(container);
    this.#logs.set(id, [...(this.#logs.get(id) ?? []), `2026-01-01T00:00:00.000000000Z ${line}`]);
  }

  set down(down: boolean) {
    this.#down = down;
    if (down) for (const tell of this.#watchers) tell(new Error('the engine went away'));
  }

  /** A container ends by itself. */
  end(container: string, exitCode: number, { oomKilled = false, ranMs = 60_000 } = {}): void {
    const facts = this.#get(container);
    const endedAt = new Date(Date.parse(facts.startedAt) + ranMs).toISOString();
    this.#put({ ...facts, running: false, endedAt, exitCode, oomKilled });
    this.#tell('die', facts);
  }

  /** Docker's event of something that was killed in a container, by default when it {@link end}s; no answer tells of it. */
  tellOutOfMemory(container: string, { ranMs = 60_000 } = {}): void {
    const facts = this.#get(container);
    this.#tell('oom', facts, Date.parse(facts.startedAt) + ranMs);
  }

  /** A container that somebody else made. */
  add(facts: ContainerFacts): void {
    this.#put(facts);
  }

  /** A container is renamed by hand. */
  rename(container: string, name: string): void {
    const facts = { ...this.#get(container), name };
    this.#containers.delete(container);
    this.#put(facts);
    this.#tell('rename', facts);
  }

  /** A container is removed by hand. */
  vanish(container: string): void {
    const facts = this.#get(container);
    this.#containers.delete(facts.name);
    this.#tell('destroy', facts);
  }

  async createContainer(spec: ContainerSpec): Promise<string> {
    await this.#enter('createContainer', spec.name);
    if (!this.images.has(spec.image)) throw new RpcError('docker', `No such image: ${spec.image}`);
    if (this.#containers.has(spec.name)) throw new RpcError('docker', `Conflict: ${spec.name} exists`);
    this.#made += 1;
    const id = `c${this.#made}`;
    this.specs.set(spec.name, spec);
    this.#put({
      id,
      name: spec.name,
      labels: spec.labels,
      image: spec.image,
      running: false,
      mounts: spec.mounts.map(({ source }) => source),
      startedAt: '',
      endedAt: '',
      exitCode: undefined,
      oomKilled: false,
      ports: spec.ports,
    });
    return id;
  }

  async startContainer(container: string): Promise<void> {
    await this.#enter('startContainer', container);
    const facts = this.#get(container);
    this.#started += 1;
    const startedAt = `2026-01-01T00:00:${String(this.#started).padStart(2, '0')}Z`;
    this.#put({ ...facts, running: true, startedAt, endedAt: '', exitCode: undefined, oomKilled: false });
    this.#tell('start', facts);
  }

  async stopContainer(container: string, graceSeconds: number): Promise<void> {
    await this.#enter('stopContainer', `${container} ${graceSeconds}`);
    if (this.#get(container).running) this.end(container, 143);
  }

  async removeContainer(container: string): Promise<void> {
    await this.#enter('removeContainer', container);
    this.#containers.delete(this.#get(container).name);
  }

  async inspectContainer(container: string): Promise<ContainerFacts | undefined> {
    await this.#enter('inspectContainer');
    if (this.#mute.has(container)) throw new RpcError('docker', 'Docker gave no answer: inspect');
    return this.#find(container);
  }

  async listContainers(label: string): Promise<ListedContainer[]> {
    await this.#enter('listContainers');
    return [...this.#containers.values()].filter((facts) => hasLabel(facts, label));
  }

  async imageExists(tag: string): Promise<boolean> {
    await this.#enter('imageExists');
    return this.images.has(tag);
  }

  async ping(): Promise<void> {
    await this.#enter('ping');
  }

  async containerLog(container: string, { tail, keepBytes }: LogOptions): Promise<LogTail | undefined> {
    await this.#enter('containerLog');
    const facts = this.#find(container);
    if (!facts) return undefined;
    const lines = this.#logs.get(facts.id) ?? [];
    const text = lines.slice(-tail).join('\n');
    return { text: text.slice(-keepBytes), truncated: lines.length > tail || text.length > keepBytes };
  }

  async exec(container: string, command: ExecCommand): Promise<ExecResult> {
    const { argv } = command;
    await this.#enter('exec', `${container} ${argv.join(' ')}`);
    const result = this.#scripts.get(argv[0] ?? '');
    if (!this.#get(container).running) throw new RpcError('docker', `container ${container} is not running`);
    if (!result) throw new Error(`FakeDocker: nobody announced ${argv[0]}`);
    const answer = typeof result === 'function' ? result(command) : result;
    if (Buffer.byteLength(answer.output) > (command.mostBytes ?? Infinity))
      throw new RpcError('docker', `it prints more than ${command.mostBytes} bytes`);
    return answer;
  }

  async openTerminal(): Promise<Terminal> {
    throw new Error('FakeDocker: terminals are tried on a real engine');
  }

  async events(label: string, signal: AbortSignal): Promise<AsyncIterable<ContainerEvent>> {
    if (this.#down) throw unreachable();
    const queue: (ContainerEvent | Error)[] = [];
    let wake = (): void => {};
    const tell = (event: ContainerEvent | Error): void => {
      if (event instanceof Error || hasLabel(event, label)) queue.push(event);
      wake();
    };
    this.#watchers.add(tell);
    signal.addEventListener('abort', () => wake());
    const watchers = this.#watchers;
    return (async function* () {
      while (!signal.aborted) {
        const next = queue.shift();
        if (next instanceof Error) {
          watchers.delete(tell);
          throw next;
        }
        if (next) yield next;
        else await new Promise<void>((resolve) => (wake = resolve));
      }
    })();
  }

  async #enter(call: Call, what?: string): Promise<void> {
    if (what !== undefined) this.calls.push(`${call} ${what}`);
    const hold = this.#holds.get(call);
    this.#holds.delete(call);
    await hold;
    if (this.#down) throw unreachable();
    const words = this.#failures.get(call);
    this.#failures.delete(call);
    if (words !== undefined) throw new RpcError('docker', words);
  }

  #find(container: string): ContainerFacts | undefined {
    const byName = this.#containers.get(container);
    return byName ?? [...this.#containers.values()].find(({ id }) => id === container);
  }

  #get(container: string): ContainerFacts {
    const facts = this.#find(container);
    if (!facts) throw new Error(`FakeDocker: there is no container ${container}`);
    return facts;
  }

  #put(facts: ContainerFacts): void {
    this.#containers.set(facts.name, facts);
  }

  #tell(action: string, { id, name, labels }: ContainerFacts, atMs = Date.now()): void {
    for (const tell of this.#watchers) tell({ action, atMs, id, name, labels });
  }
}

function unreachable(): RpcError {
  return new RpcError('docker', 'Docker on the agent host cannot be reached');
}

function hasLabel({ labels }: { readonly labels: Readonly<Record<string, string>> }, label: string): boolean {
  const [name = '', value] = label.split('=');
  return labels[name] === value;
}
