import { OperationError } from '../base/errors.ts';
import type { Host } from '../host-access/host.ts';
import { AGENT_HOST } from '../protocol/host-layout.ts';
import { type DockerFacts, parseDocker, splitFirst } from './docker-facts.ts';
import { scriptArgv } from './host-scripts.ts';
import { READ_FACTS } from './look-scripts.ts';
import { type RolloutFacts, parseRollout } from './rollout-facts.ts';
import { decode, needed, optional, toldLines } from './script-lines.ts';

/** What a host is and has, read without changing anything on it. */
export interface HostFacts extends RolloutFacts {
  readonly machine: string;
  readonly glibc: string;
  readonly libstdcxx: boolean;
  readonly systemd: boolean;
  readonly cores: number;
  readonly memoryBytes: number;
  /** What programs could have of it just now, without swapping. */
  readonly availableMemoryBytes: number;
  readonly agentId?: string;
  /** `/etc/convocate-agent/current-image` */
  readonly stamp?: string;
  readonly previousVersion?: string;
  readonly allowedSigners: string;
  /** SHA-256 of the manifest of each release on the host. */
  readonly releases: ReadonlyMap<string, string>;
  /** Size in bytes of each program blob, by digest. */
  readonly blobs: ReadonlyMap<string, number>;
  /** Bytes that an earlier transfer left behind, by digest; of a patch, by `<digest>.from-<digest of its base>`. */
  readonly parts: ReadonlyMap<string, number>;
  readonly unit: Readonly<Record<string, string>>;
  /** Names of sessions by UUID, read from the agent's metadata so that they are known while the agent is down too. */
  readonly sessionNames: ReadonlyMap<string, string>;
  /** The host files that exist, by path. */
  readonly files: ReadonlyMap<string, { readonly text: string; readonly mode: number }>;
  /** Free bytes by place. */
  readonly freeBytes: ReadonlyMap<string, number>;
  /** Undefined where Docker is missing or does not answer. */
  readonly docker?: DockerFacts;
}

/** Gathers facts in one round trip. `hostFiles` are the absolute paths whose text is wanted for a plan's diff. */
export async function gatherFacts(host: Host, hostFiles: readonly string[]): Promise<HostFacts> {
  const argv = scriptArgv(
    READ_FACTS,
    AGENT_HOST.libDir,
    AGENT_HOST.configDir,
    AGENT_HOST.stateDir,
    AGENT_HOST.unit,
    ...hostFiles,
  );
  return parseFacts(await host.check(argv, { timeoutMs: 60_000 }), host.name);
}

/** Turns the script's `key<TAB>value` lines into facts. Throws OperationError on a line that makes no sense. */
export function parseFacts(output: string, hostName: string): HostFacts {
  const lines = toldLines(output);
  const { all, one } = lines;
  try {
    const docker = parseDocker(one('docker_info'), all('image'), all('container'), all('disk'));
    const blobs = all('blob').map(splitFirst);
    return {
      machine: needed(one('machine')),
      glibc: one('glibc'),
      libstdcxx: one('libstdcxx') === 'yes',
      systemd: one('systemd') === 'yes',
      cores: Number(needed(one('cores'), /^[1-9]\d*$/)),
      memoryBytes: Number(needed(one('memory_kib'), /^[1-9]\d*$/)) * 1024,
      availableMemoryBytes: Number(one('memory_available_kib')) * 1024,
      allowedSigners: decode(one('signers')),
      releases: new Map(all('release').map(parseRelease)),
      blobs: new Map(blobs.flatMap(([size, path]) => entryOf(path, size, /\/([0-9a-f]{64})$/))),
      parts: new Map(blobs.flatMap(([size, path]) => entryOf(path, size, PART))),
      unit: parseProperties(decode(one('unit'))),
      sessionNames: new Map(all('session').map(parseSessionName)),
      files: new Map(all('file').map(parseFile)),
      freeBytes: new Map(
        all('disk')
          .map(splitFirst)
          .map(([kib, place]) => [place, Number(kib) * 1024]),
      ),
      ...optional('agentId', one('agent_id')),
      ...parseRollout(lines),
      ...optional('stamp', one('stamp')),
      ...optional('previousVersion', one('previous').split('/').at(-1)),
      ...(docker && { docker }),
    };
  } catch (cause) {
    throw new OperationError('the host told facts that make no sense', { host: hostName, cause, output });
  }
}

const PART = /\/([0-9a-f]{64}(?:\.from-[0-9a-f]{64})?)\.(?:gz|zst)\.part$/;

function parseRelease(line: string): [string, string] {
  const [digest, path] = splitFirst(line);
  return [path.trim().split('/').at(-2) ?? '', digest];
}

function parseSessionName(line: string): [string, string] {
  const [uuid, metadata] = splitFirst(line);
  const name = /"name":\s*"([A-Za-z0-9_-]{1,64})"/.exec(decode(metadata))?.[1]; // the file may be damaged: that is no reason to stop
  return [uuid, name ?? uuid];
}

function parseFile(line: string): [string, { text: string; mode: number }] {
  const [path = '', mode = '', text = ''] = line.split(' ');
  return [path, { text: decode(text), mode: Number.parseInt(mode, 8) }];
}

function parseProperties(text: string): Record<string, string> {
  return Object.fromEntries(
    text
      .split('\n')
      .filter((line) => line.includes('='))
      .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  );
}

function entryOf(path: string, size: string, pattern: RegExp): [string, number][] {
  const digest = pattern.exec(path)?.[1];
  return digest === undefined ? [] : [[digest, Number(size)]];
}
