import type { Duplex } from 'node:stream';

/**
 * The agent's one door to Docker: exactly what sessions need, in our words. Every call has a deadline; every failure
 * is an `RpcError('docker', …)` that carries Docker's own words.
 */
export interface Docker {
  /** Gives the new container's id. The container is not started. */
  createContainer(spec: ContainerSpec): Promise<string>;
  startContainer(container: string): Promise<void>;
  /** TERM, then KILL after `graceSeconds`. A container that is not running is left as it is. */
  stopContainer(container: string, graceSeconds: number): Promise<void>;
  /** Removes it with its anonymous volumes, running or not; one that does not exist is a success. */
  removeContainer(container: string): Promise<void>;
  /** By id or name; undefined where there is none. */
  inspectContainer(container: string): Promise<ContainerFacts | undefined>;
  /** All containers, running or not, that carry the label `name=value`. */
  listContainers(label: string): Promise<ListedContainer[]>;
  imageExists(tag: string): Promise<boolean>;
  /** Throws where the engine does not answer, as one that hangs does, though its socket takes connections. */
  ping(): Promise<void>;
  /** Runs a short command inside to its end. A non-zero exit is an answer, not an error. */
  exec(container: string, command: ExecCommand): Promise<ExecResult>;
  /** The end of what the container's own process has printed, over all its starts; undefined where there is none. */
  containerLog(container: string, options: LogOptions): Promise<LogTail | undefined>;
  /** Runs a command inside on a terminal of its own. */
  openTerminal(container: string, command: ExecCommand): Promise<Terminal>;
  /**
   * What happens to containers with the label `name=value`, from the moment this resolves. The iteration ends, or
   * throws, when Docker goes away or `signal` is aborted.
   */
  events(label: string, signal: AbortSignal): Promise<AsyncIterable<ContainerEvent>>;
}

export type PortProtocol = 'tcp' | 'udp';

export interface PublishedPort {
  readonly port: number;
  readonly protocol: PortProtocol;
}

export interface Mount {
  readonly source: string;
  readonly target: string;
  readonly readOnly: boolean;
}

export interface ContainerSpec {
  readonly name: string;
  readonly image: string;
  readonly hostname: string;
  readonly env: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  readonly mounts: readonly Mount[];
  /** The same port number inside and on the host. */
  readonly ports: readonly PublishedPort[];
  /** Empty for Docker's own. */
  readonly cgroupParent: string;
  readonly pidsLimit: number;
  readonly stopTimeoutSeconds: number;
}

export interface ListedContainer {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly running: boolean;
  /** Where on the host the directories and files are that it was given. */
  readonly mounts: readonly string[];
}

export interface ContainerFacts extends ListedContainer {
  readonly id: string;
  /** The image as it was named when the container was made. */
  readonly image: string;
  /** RFC 3339; empty where it was never started. */
  readonly startedAt: string;
  /** RFC 3339; empty while it runs and before it has ended once. */
  readonly endedAt: string;
  /** Of the last run; undefined while it runs and before the first start. */
  readonly exitCode: number | undefined;
  readonly oomKilled: boolean;
  readonly ports: readonly PublishedPort[];
}

export interface ExecCommand {
  readonly argv: readonly string[];
  readonly user: string;
  readonly env?: Readonly<Record<string, string>>;
  /** For `exec`: what it reads from its standard input, which ends after it. */
  readonly input?: string;
  /** For `exec`: so many bytes of the end of its output are kept; default 64 KiB. */
  readonly keepBytes?: number;
  /** For `exec`: after so long it is given up, and its output read no more; default 30 s. */
  readonly timeoutMs?: number;
  /** For `exec`: it fails, and its output is read no more, when it prints more than this; default any number. */
  readonly mostBytes?: number;
}

export interface ExecResult {
  readonly exitCode: number;
  /** What it wrote to both of its outputs, in UTF-8. */
  readonly output: string;
}

export interface LogOptions {
  /** So many of the last lines. */
  readonly tail: number;
  /** Never more than so many bytes of their end. */
  readonly keepBytes: number;
}

export interface LogTail {
  /** Whole lines joined by newlines, each with Docker's time of it in front. */
  readonly text: string;
  /** There are older lines. */
  readonly truncated: boolean;
}

export interface Terminal {
  /** Raw bytes both ways; ends with the process. */
  readonly stream: Duplex;
  resize(cols: number, rows: number): Promise<void>;
  /** `exitCode` is undefined while the process runs. */
  status(): Promise<{ readonly running: boolean; readonly exitCode: number | undefined }>;
}

export interface ContainerEvent {
  /** `start`, `die`, `oom`, `destroy` … as Docker calls it. */
  readonly action: string;
  /** When it happened, in milliseconds since 1970. */
  readonly atMs: number;
  readonly id: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
}
