import type { Logger } from 'pino';
import type { KeyedLock } from '../../base/keyed-lock.ts';
import type { StatusEventBody } from '../../protocol/status-events.ts';
import type { Docker } from '../docker/docker.ts';
import type { ActivityBook } from '../activity/activity-book.ts';
import type { AttachedClients } from './attached-clients.ts';
import type { KnownContainers } from './known-containers.ts';
import type { LostClients } from './lost-clients.ts';
import type { AgentPaths } from './paths.ts';
import type { SessionLocks } from './session-locks.ts';
import type { SettingsFile } from './settings-file.ts';
import type { SessionStore } from './store.ts';

/** What the operations on sessions work with; made once, by `serve.ts`. */
export interface Agent {
  readonly agentId: string;
  readonly paths: AgentPaths;
  /** Every new home is filled from these, a later one over an earlier. */
  readonly skelDirs: readonly string[];
  /** Who owns the homes, and who the session runs as. */
  readonly owner: { readonly uid: number; readonly gid: number };
  /** Where session containers live in the cgroup tree; empty for Docker's own place. */
  readonly cgroupParent: string;
  readonly docker: Docker;
  readonly store: SessionStore;
  readonly settings: SettingsFile;
  readonly locks: SessionLocks;
  /** Ports and DNS names are given out under this one key, host-wide. */
  readonly reservations: KeyedLock;
  /** What is sent to one session's terminal goes in whole, one after the other. */
  readonly typing: KeyedLock;
  readonly containers: KnownContainers;
  /** What the programs in the sessions are doing, as far as they or their terminals tell. */
  readonly activities: ActivityBook;
  readonly attached: AttachedClients;
  readonly lost: LostClients;
  /** Never blocks and never fails. */
  readonly publish: (event: StatusEventBody) => void;
  /** Ports something on this host listens on. */
  readonly hostPorts: (protocol: 'tcp' | 'udp') => Promise<ReadonlySet<number>>;
  readonly now: () => Date;
  readonly log: Logger;
}
