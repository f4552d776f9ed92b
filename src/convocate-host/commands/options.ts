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
}

/** `90`, `90s`, `2m`: a time in seconds or minutes; gives milliseconds. */
export function parseDuration(text: string): number {
  const match = /^(\d{1,5})(s|m)?$/.exec(text);
  if (!match) throw new InvalidArgumentError('give a time such as 10s or 2m');
  return Number(match[1]) * (match[2] === 'm' ? 60_000 : 1000);
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
    options: { soakMs: options.soak, confirmMs: options.confirmTimeout },
    sentBytes: 0,
    startedAt,
    mustRestart: false,
  };
}
