import { OperationError } from '../base/errors.ts';
import { parseJson } from '../base/parse-json.ts';
import type { Host } from '../host-access/host.ts';
import { Armed } from '../protocol/armed.ts';
import { AGENT_HOST } from '../protocol/host-layout.ts';
import { RolledBack } from '../protocol/rpc.ts';
import { scriptArgv } from './host-scripts.ts';
import { READ_ROLLOUT } from './look-scripts.ts';
import { type ToldLines, decode, needed, optional, toldLines } from './script-lines.ts';

/** Where a host stands between two releases. */
export interface RolloutFacts {
  /** Version that the `current` link names. */
  readonly liveVersion?: string;
  /** Version of the program that the service's process runs: an older one where a rollout was cut off before its restart. */
  readonly runningVersion?: string;
  /** A rollout that was neither confirmed nor taken back yet; undefined also where its record is damaged. */
  readonly openRollout?: Pick<Armed, 'from' | 'to'>;
  /** One is open, and nobody can read which: no dead-man can take it back. */
  readonly damagedRollout?: true;
  readonly rolledBack?: RolledBack;
}

/** Only that, and without Docker: a host that is slow, or goes back just now, can tell it too. */
export async function readRollout(host: Host): Promise<RolloutFacts> {
  const { libDir, stateDir, unit } = AGENT_HOST;
  const output = await host.check(scriptArgv(READ_ROLLOUT, libDir, stateDir, unit));
  try {
    const lines = toldLines(output);
    needed(lines.one('told'));
    return parseRollout(lines);
  } catch (cause) {
    throw new OperationError('the host told facts that make no sense', { host: host.name, cause, output });
  }
}

export function parseRollout({ all, one }: ToldLines): RolloutFacts {
  return {
    ...optional('liveVersion', one('current').split('/').at(-1)),
    ...optional('runningVersion', one('running').split('/').at(-3)),
    ...openRolloutOf(all('rollout').at(-1)),
    ...optionalRolledBack(decode(one('rolled_back'))),
  };
}

function openRolloutOf(base64: string | undefined): Pick<RolloutFacts, 'openRollout' | 'damagedRollout'> {
  if (base64 === undefined) return {};
  const { success, data } = Armed.safeParse(parseJson(decode(base64)));
  return success ? { openRollout: { from: data.from, to: data.to } } : { damagedRollout: true };
}

function optionalRolledBack(text: string): { rolledBack?: RolledBack } {
  const parsed = RolledBack.safeParse(parseJson(text));
  return parsed.success ? { rolledBack: parsed.data } : {};
}
