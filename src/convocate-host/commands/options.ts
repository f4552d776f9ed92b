import { InvalidArgumentError, Option } from 'commander';
import { SHELL_HOST } from '../../protocol/host-layout.ts';
import { ReleaseStore } from '../../release/release-store.ts';
import { type Output, humanReporter, jsonReporter } from '../reporter.ts';
import type { Rollout } from '../rollout.ts';

export interface RolloutCliOptions {
  readonly host: string;
  readonly user?: string;
  readonly json?: boolean;
  readonly soak: number;
  readonly confirmTimeout: number;
  readonly bandwidth?: number;
}

/** `90`, `90s`, `2m`: a time in seconds or minutes; gives milliseconds. */
export function parseDuration(text: string): number {
  const match = /^(\d{1,5})(s|m)?$/.exec(text);
  if (!match) throw new InvalidArgumentError('give a time such as 10s or 2m');
  return Number(match[1]) * (match[2] === 'm' ? 60_000 : 1000);
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
  new Option('--confirm-timeout <time>', 'how long it may take to answer')
    .argParser(parseDuration)
    .default(60_000, '60s');

export const bandwidthOption = (): Option =>
  new Option(
    '--bandwidth <rate>',
    'send no faster than this, in bytes per second, such as 500k or 2M',
  ).argParser(parseRate);

export const stdout: Output = {
  write: (text) => void process.stdout.write(text),
  isTerminal: process.stdout.isTTY ?? false,
};

/** A rollout of the release that `make install` put here last. */
export async function newRollout(options: RolloutCliOptions, out: Output = stdout): Promise<Rollout> {
  const startedAt = performance.now();
  const store = new ReleaseStore(SHELL_HOST.stateDir);
  return {
    hostName: options.host,
    ...(options.user !== undefined && { user: options.user }),
    store,
    release: await store.current(),
    reporter: options.json ? jsonReporter(options.host, out) : humanReporter(options.host, out),
    options: {
      soakMs: options.soak,
      confirmMs: options.confirmTimeout,
      ...(options.bandwidth !== undefined && { bandwidth: options.bandwidth }),
    },
    sentBytes: 0,
    startedAt,
    mustRestart: false,
  };
}
