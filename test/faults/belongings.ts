// What no fault may take: session containers, homes, keys. From the machines themselves, before and after.
import { diffSnapshots, type HostSnapshot } from '../../lab/snapshot.ts';
import { survivorsOfAgent, survivorsOfShell } from '../e2e/support/survivors.ts';
import type { Site } from './site.ts';

export interface Belongings {
  readonly agent: HostSnapshot;
  readonly shell: HostSnapshot;
}

export async function belongingsOf({ agent, shell }: Site): Promise<Belongings> {
  const [ofAgent, ofShell] = await Promise.all([survivorsOfAgent(agent), survivorsOfShell(shell)]);
  return { agent: ofAgent, shell: ofShell };
}

/** One line for each thing that is gone or is another; `sessionsEnded`: by a power cut of their own host. */
export function lostBetween(before: Belongings, after: Belongings, sessionsEnded: boolean): string[] {
  const view = sessionsEnded ? withoutStarts : (snapshot: HostSnapshot): HostSnapshot => snapshot;
  return [
    ...diffSnapshots(view(before.agent), view(after.agent)),
    ...diffSnapshots(before.shell, after.shell).map((line) => `on the shell host: ${line}`),
  ];
}

/** Containers by id, name and image alone. */
function withoutStarts(snapshot: HostSnapshot): HostSnapshot {
  return new Map(
    [...snapshot].map(([what, seen]) =>
      what.startsWith('container ') ? [what, seen.split(' ').slice(0, 3).join(' ')] : [what, seen],
    ),
  );
}
