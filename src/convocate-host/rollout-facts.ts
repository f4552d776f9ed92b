import * as z from 'zod/mini';
import { OperationError } from '../base/errors.ts';
import { parseJson } from '../base/parse-json.ts';
import type { Host } from '../host-access/host.ts';
import { AGENT_HOST } from '../protocol/host-layout.ts';
import { RolledBack } from '../protocol/rpc.ts';
import { scriptArgv } from './host-scripts.ts';
import { READ_ROLLOUT } from './look-scripts.ts';
import { type ToldLines, decode, needed, optional, toldLines } from './script-lines.ts';

/** Both are versions: the release that such a rollout leaves, and the one it is to bring. */
const OpenRollout = z.object({ from: z.string(), to: z.string() });
type OpenRollout = z.infer<typeof OpenRollout>;

/** Where a host stands between two releases. */
export interface RolloutFacts {
  /** Version that the `current` link names. */
  readonly liveVersion?: string;
  /** Version of the program that the service's process runs: an older one where a rollout was cut off before its restart. */
  readonly runningVersion?: string;
  /** A rollout that was neither confirmed nor taken back yet. */
  readonly openRollout?: OpenRollout;
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
    ...optionalOpenRollout(all('rollout').at(-1)),
    ...optionalRolledBack(decode(one('rolled_back'))),
  };
}

/** It may have come to its end while it was read: then nothing is told of it. */
function optionalOpenRollout(base64 = ''): { openRollout?: OpenRollout } {
  if (base64 === '') return {};
  return { openRollout: OpenRollout.parse(JSON.parse(decode(base64))) };
}

function optionalRolledBack(text: string): { rolledBack?: RolledBack } {
  const parsed = RolledBack.safeParse(parseJson(text));
  return parsed.success ? { rolledBack: parsed.data } : {};
}
