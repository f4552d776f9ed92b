import type { Readable } from 'node:stream';
import type { CommandResult } from '../base/run-command.ts';

export interface RunOptions {
  readonly input?: string | Uint8Array | Readable;
  /** Default 60 s. */
  readonly timeoutMs?: number;
}

/** A process that goes on while others run: one that holds a lock, or one that takes in a transfer and answers it. */
export interface RunningCommand {
  /** The first line the process prints, or undefined where it ends without one. Throws OperationError where it takes too long. */
  firstLine(timeoutMs: number): Promise<string | undefined>;
  /** Tells every line the process prints, from the first on. */
  onLine(listener: (line: string) => void): void;
  /** Writes to its standard input. */
  say(text: string): void;
  /** Writes bytes to its standard input, and settles when there is room for more, or nobody left to read them. */
  write(bytes: Uint8Array): Promise<void>;
  /** Closes its standard input and waits for its end, 10 s unless told otherwise. Throws as {@link Host.run} does. */
  finish(timeoutMs?: number): Promise<CommandResult>;
  /** Settles when it ends, by itself or not. */
  readonly ended: Promise<CommandResult>;
}

/**
 * The one door to a host that is being provisioned (decision 13). Everything goes in as an argv and runs as root:
 * directly, or by `sudo -n`.
 */
export interface Host extends AsyncDisposable {
  /** As the operator named it. */
  readonly name: string;
  /** The address under which that host sees us, where it is known. */
  readonly clientAddress?: string;
  /** Runs to the end; a non-zero exit is an answer. Throws OperationError where the host cannot be reached, or it takes too long. */
  run(argv: readonly string[], options?: RunOptions): Promise<CommandResult>;
  /** As {@link run}, but a non-zero exit is an OperationError; gives stdout. */
  check(argv: readonly string[], options?: RunOptions): Promise<string>;
  start(argv: readonly string[]): Promise<RunningCommand>;
  /** A second, independent way in that shares no connection with this one: for confirming that a host answers. */
  reconnect(): Promise<Host>;
  close(): Promise<void>;
}
