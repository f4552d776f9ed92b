import type { AgentSettings } from '../../protocol/agent-settings.ts';
import { CLAUDE_USER, LABEL, containerNameOf } from '../../protocol/host-layout.ts';
import type { ChosenCommand } from './choose-command.ts';
import { versionOfImageTag } from '../../protocol/ids.ts';
import type { ContainerSpec, Mount } from '../docker/docker.ts';
import type { StoredSession } from './stored-session.ts';

/** `docker stop` gives a session this long to save its work. */
export const STOP_SECONDS = 10;

export interface ContainerSpecInput {
  readonly session: StoredSession;
  readonly agentId: string;
  readonly image: string;
  readonly home: string;
  readonly settings: AgentSettings;
  readonly chosen: ChosenCommand;
  readonly shares: readonly Mount[];
  /** From session.env. */
  readonly variables: Readonly<Record<string, string>>;
  readonly owner: { readonly uid: number; readonly gid: number };
  readonly cgroupParent: string;
}

/** The box a session runs in (decision 16). Pure: all that was looked up comes in. */
export function containerSpec(input: ContainerSpecInput): ContainerSpec {
  const { session, settings, chosen } = input;
  return {
    name: containerNameOf(session.uuid),
    image: input.image,
    hostname: hostnameOf(session),
    env: {
      ...input.variables,
      CONVOCATE_UID: String(input.owner.uid),
      CONVOCATE_GID: String(input.owner.gid),
      CONVOCATE_COMMAND: chosen.command,
    },
    labels: {
      [LABEL.session]: session.uuid,
      [LABEL.agent]: input.agentId,
      [LABEL.version]: versionOfImageTag(input.image) ?? '',
      [LABEL.profile]: settings.profile,
      [LABEL.start]: chosen.start,
    },
    mounts: [{ source: input.home, target: CLAUDE_USER.home, readOnly: false }, ...input.shares],
    ports: session.port > 0 ? [{ port: session.port, protocol: session.protocol }] : [],
    cgroupParent: input.cgroupParent,
    pidsLimit: settings.pids_limit,
    stopTimeoutSeconds: STOP_SECONDS,
  };
}

/** The DNS name or else the name, as the kernel takes it: 63 characters, no underscore, no dash or dot at the ends. */
export function hostnameOf(session: Pick<StoredSession, 'uuid' | 'name' | 'dns_name'>): string {
  const wanted = (session.dns_name || session.name).replaceAll('_', '-').slice(0, 63);
  return wanted.replace(/^[-.]+/, '').replace(/[-.]+$/, '') || session.uuid.slice(0, 8);
}
