// A client of our listeners that is not ours: OpenSSH's `ssh`, its host keys checked against what the cluster registered.
import type { Machine } from '../../../lab/machine.ts';
import type { CommandResult } from '../../../lab/run-command.ts';

export interface OutsideOptions {
  /** Private key file on the client's machine. */
  readonly key: string;
  readonly host: string;
  readonly port: 222 | 223;
  readonly knownHosts: string;
}

export class OutsideSsh {
  readonly machine: Machine;
  readonly #options: OutsideOptions;

  constructor(machine: Machine, options: OutsideOptions) {
    this.machine = machine;
    this.#options = options;
  }

  with(changed: Partial<OutsideOptions>): OutsideSsh {
    return new OutsideSsh(this.machine, { ...this.#options, ...changed });
  }

  /** The words before the host: a program of the family (`ssh`, `sftp`, `scp`), which key, which known hosts. */
  options(program = 'ssh'): string[] {
    const { key, port, knownHosts } = this.#options;
    return [
      program,
      ...[program === 'ssh' ? '-p' : '-P', String(port), '-i', key],
      ...['-o', 'IdentitiesOnly=yes', '-o', 'BatchMode=yes', '-o', 'ConnectTimeout=15'],
      ...['-o', `UserKnownHostsFile=${knownHosts}`, '-o', 'GlobalKnownHostsFile=/dev/null'],
    ];
  }

  argv(flags: readonly string[], ...command: readonly string[]): string[] {
    return [...this.options(), ...flags, this.#options.host, ...command];
  }

  /** What `ssh` says of that; nothing is typed. */
  async try(flags: readonly string[], ...command: readonly string[]): Promise<CommandResult> {
    return await this.machine.exec(this.argv(flags, ...command), { input: '', timeoutMs: 40_000 });
  }

  /** One channel on a subsystem: what is sent, and all that comes back until it is closed. */
  async subsystem(name: string, input: string | Uint8Array): Promise<CommandResult> {
    return await this.machine.exec(this.argv(['-s'], name), { input, timeoutMs: 60_000 });
  }

  /** One call of `convocate-agent-rpc`, as docs/reference/wire-tables.md has it: one line there, one line back. */
  async call(op: string, params: unknown = null): Promise<RpcAnswer> {
    return await this.send(`${JSON.stringify({ op, params })}\n`);
  }

  /** As {@link call}, with whatever bytes. */
  async send(bytes: string | Uint8Array): Promise<RpcAnswer> {
    const { stdout, stderr } = await this.subsystem('convocate-agent-rpc', bytes);
    const lines = stdout.split('\n');
    if (lines.length !== 2 || lines[1] !== '') throw new Error(`not one line: ${stdout}\n${stderr}`);
    return JSON.parse(lines[0] ?? '') as RpcAnswer;
  }
}

export type RpcAnswer =
  | { readonly ok: true; readonly result: unknown }
  | { readonly ok: false; readonly error: string; readonly code: string };
