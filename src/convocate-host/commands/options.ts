import { InvalidArgumentError, Option } from 'commander';
import { durationMs } from '../../base/duration.ts';
import { UsageError } from '../../base/errors.ts';
import { SHELL_HOST } from '../../protocol/host-layout.ts';
import { isVersion } from '../../protocol/ids.ts';
import { ReleaseStore } from '../../release/release-store.ts';
import { LOCAL } from '../open-host.ts';
import { type Output, humanReporter, jsonReporter } from '../reporter.ts';
import type { Rollout } from '../rollout.ts';

export interface SshOptions {
  readonly host: string;
  readonly user?: string;
  readonly hostKey?: string;
}

export interface RolloutCliOptions extends SshOptions {
  readonly json?: boolean;
  readonly soak: number;
  readonly confirmTimeout: number;
  readonly bandwidth?: number;
}

/** See {@link durationMs}. */
function parseDuration(text: string): number {
  const timeMs = durationMs(text);
  if (timeMs !== undefined) return timeMs;
  throw new InvalidArgumentError('give a time such as 10s or 2m');
}

/** What confirming takes besides the soak, on a host that is not busy. */
const LEAST_CONFIRM_MS = 5_000;
/** No release that may be live on a host, and has to watch that long, takes more. */
const MOST_CONFIRM_MS = 24 * 60 * 60 * 1000;

function parseConfirmTimeout(text: string): number {
  const timeMs = parseDuration(text);
  if (timeMs <= MOST_CONFIRM_MS) return timeMs;
  throw new InvalidArgumentError('a host waits for a day at most: 1d');
}

const RATE_UNITS: Readonly<Record<string, number>> = { '': 1, k: 1e3, m: 1e6, g: 1e9 };
/** Below this, not even the answers of the far side would come in time. */
const LEAST_RATE = 1000;

/** `500k`, `2M`, `1.5M`, `80000`: bytes per second, in thousands as network speeds are counted. */
export function parseRate(text: string): number {
  const match = /^(\d{1,12}(?:\.\d{1,3})?)([kmg]?)$/i.exec(text);
  const rate = Math.round(Number(match?.[1]) * (RATE_UNITS[match?.[2]?.toLowerCase() ?? ''] ?? 1));
  if (match && rate >= LEAST_RATE) return rate;
  throw new InvalidArgumentError('give bytes per second, 1k or more, such as 500k or 2M');
}

/** Options of every command that restarts an agent and waits for it. */
export const soakOption = (): Option =>
  new Option('--soak <time>', 'how long the service must stay up')
    .argParser(parseDuration)
    .default(10_000, '10s');
export const confirmOption = (): Option =>
  new Option(
    '--confirm-timeout <time>',
    'how long the host waits for that proof before it goes back by itself',
  )
    .argParser(parseConfirmTimeout)
    .default(60_000, '60s');

export const bandwidthOption = (): Option =>
  new Option(
    '--bandwidth <rate>',
    'send no faster than this, in bytes per second, such as 500k or 2M',
  ).argParser(parseRate);

export const toOption = (): Option =>
  new Option('--to <version>', 'the release; default: the one that was live before').argParser(parseVersion);

function parseVersion(text: string): string {
  if (isVersion(text)) return text;
  throw new InvalidArgumentError('that is no version; see: convocate-host releases');
}

export const stdout: Output = {
  write: (text) => void process.stdout.write(text),
  isTerminal: process.stdout.isTTY ?? false,
};

/** An option that says how to get in over SSH would be passed over in silence on this very machine. */
export function refuseSshOptionsHere({ host, user, hostKey }: SshOptions): void {
  if (host !== LOCAL) return;
  const given = user !== undefined ? '--user' : hostKey !== undefined ? '--host-key' : undefined;
  if (given === undefined) return;
  throw new UsageError(`${given} is for SSH, and "${LOCAL}" is this very machine`, {
    hint: `leave ${given} out, or give --host the name of the machine that is meant`,
  });
}

/** A rollout of the release that `make install` put here last. */
export async function newRollout(options: RolloutCliOptions): Promise<Rollout> {
  const rollout = openRollout(options);
  rollout.release = await rollout.store.current();
  return rollout;
}

/** A rollout that finds its release later, on the host. */
export function openRollout(options: RolloutCliOptions): Rollout {
  refuseSshOptionsHere(options);
  if (options.confirmTimeout < options.soak + LEAST_CONFIRM_MS) {
    throw new UsageError('--confirm-timeout must be at least 5 s longer than --soak, which is part of it');
  }
  return {
    hostName: options.host,
    ...(options.user !== undefined && { user: options.user }),
    store: new ReleaseStore(SHELL_HOST.stateDir),
    reporter: options.json ? jsonReporter(options.host, stdout) : humanReporter(options.host, stdout),
    options: {
      soakMs: options.soak,
      confirmMs: options.confirmTimeout,
      ...(options.bandwidth !== undefined && { bandwidth: options.bandwidth }),
    },
    sentBytes: 0,
    startedAt: performance.now(),
    mustRestart: false,
  };
}

/** For looking at a host: only the result is of interest. */
export function quietRollout({ host, user }: { host: string; user?: string }): Rollout {
  const silent = { write: () => {}, isTerminal: false };
  return {
    ...openRollout({ host, ...(user !== undefined && { user }), soak: 0, confirmTimeout: LEAST_CONFIRM_MS }),
    reporter: humanReporter(host, silent),
  };
}
