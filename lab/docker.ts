// The docker command, bound to one engine.
import type { ChildProcess, SpawnOptions } from 'node:child_process';
import {
  type CommandBytes,
  type CommandOptions,
  CommandFailed,
  type CommandResult,
  execBytes,
  execCommand,
  pipeCommands,
  spawnCommand,
} from './run-command.ts';

export class Docker {
  /** A DOCKER_HOST value, undefined for whatever the docker command chooses by itself. */
  readonly host: string | undefined;
  readonly env: Readonly<Record<string, string>>;

  constructor(host: string | undefined) {
    this.host = host;
    // The lab's Dockerfile suits the classic builder, and Debian 12 has no other; without this, a newer docker
    // command asks for a buildx plugin that is not there.
    this.env = { DOCKER_BUILDKIT: '0', ...(host === undefined ? {} : { DOCKER_HOST: host }) };
  }

  exec(args: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
    return execCommand(['docker', ...args], this.#with(options));
  }

  execBytes(args: readonly string[], options: CommandOptions = {}): Promise<CommandBytes> {
    return execBytes(['docker', ...args], this.#with(options));
  }

  /** Runs and answers stdout without its last newline; throws CommandFailed on a non-zero exit. */
  async run(args: readonly string[], options: CommandOptions = {}): Promise<string> {
    const result = await this.exec(args, options);
    if (result.exitCode !== 0) throw new CommandFailed(['docker', ...args], result);
    return result.stdout.trimEnd();
  }

  async lines(args: readonly string[]): Promise<string[]> {
    const text = await this.run(args);
    return text.split('\n').filter((line) => line !== '');
  }

  spawn(args: readonly string[], options: SpawnOptions): ChildProcess {
    return spawnCommand(['docker', ...args], { ...options, env: { ...process.env, ...this.env } });
  }

  /** `docker FROM… | docker TO…` on this engine; answers what the second printed. */
  pipe(from: readonly string[], to: readonly string[]): Promise<string> {
    return pipeCommands(['docker', ...from], ['docker', ...to], this.env);
  }

  /** `PROGRAM… | docker TO…`. */
  pipeInto(argv: readonly string[], to: readonly string[]): Promise<string> {
    return pipeCommands(argv, ['docker', ...to], this.env);
  }

  async hasImage(tag: string): Promise<boolean> {
    return (await this.exec(['image', 'inspect', '--format', '{{.Id}}', tag])).exitCode === 0;
  }

  /** The engine's version, undefined when nothing answers. */
  async answers(): Promise<string | undefined> {
    const result = await this.exec(['info', '--format', '{{.ServerVersion}}'], { timeoutMs: 20_000 }).catch(
      () => undefined,
    );
    const version = result?.exitCode === 0 ? result.stdout.trim() : '';
    return version === '' ? undefined : version;
  }

  #with(options: CommandOptions): CommandOptions {
    return { ...options, env: { ...this.env, ...options.env } };
  }
}
