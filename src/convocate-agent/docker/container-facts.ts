import type { ContainerInspectInfo } from 'dockerode';
import type { ContainerFacts, PublishedPort } from './docker.ts';

const NEVER = '0001-01-01T00:00:00Z';

/** What we keep of Docker's answer to "inspect container". Pure. */
export function containerFacts(info: ContainerInspectInfo): ContainerFacts {
  const { State: state, Config: config } = info;
  const ended = state.Status === 'exited' || state.Status === 'dead';
  return {
    id: info.Id,
    name: info.Name.replace(/^\//, ''),
    labels: config.Labels ?? {},
    image: config.Image,
    running: state.Running,
    mounts: info.Mounts.map(({ Source }) => Source),
    startedAt: state.StartedAt === NEVER ? '' : state.StartedAt,
    endedAt: ended && state.FinishedAt !== NEVER ? state.FinishedAt : '',
    exitCode: ended ? state.ExitCode : undefined,
    oomKilled: state.OOMKilled,
    ports: publishedPorts(info.HostConfig.PortBindings as PortBindings),
  };
}

type PortBindings = Record<string, { HostPort?: string }[] | null> | null | undefined;

function publishedPorts(bindings: PortBindings): PublishedPort[] {
  return Object.entries(bindings ?? {}).flatMap(([key, hosts]) =>
    (hosts ?? []).map(({ HostPort }) => ({
      port: Number(HostPort),
      protocol: key.endsWith('/udp') ? ('udp' as const) : ('tcp' as const),
    })),
  );
}
