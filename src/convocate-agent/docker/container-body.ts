import type { ContainerCreateOptions } from 'dockerode';
import type { ContainerSpec } from './docker.ts';

/**
 * A session is root inside, by sudo, and its home lies on the host's disk: a device made there would be one outside too.
 * Raw packets could pass for those of its neighbours on Docker's bridge. `ping` needs neither.
 */
const DROPPED = ['MKNOD', 'NET_RAW'];

/**
 * The body of Docker's "create container". Pure. What every session gets and no spec can change: an init as PID 1 (a
 * shell there ignores TERM), no restart by Docker, no auto-removal (exit code and out-of-memory cause are kept), and
 * a log that cannot fill the disk.
 */
export function containerBody(spec: ContainerSpec): ContainerCreateOptions {
  const ports = spec.ports.map(({ port, protocol }) => ({ key: `${port}/${protocol}`, port }));
  return {
    name: spec.name,
    Image: spec.image,
    Hostname: spec.hostname,
    Env: Object.entries(spec.env).map(([name, value]) => `${name}=${value}`),
    Labels: { ...spec.labels },
    StopTimeout: spec.stopTimeoutSeconds,
    ExposedPorts: Object.fromEntries(ports.map(({ key }) => [key, {}])),
    HostConfig: {
      Init: true,
      AutoRemove: false,
      RestartPolicy: { Name: 'no' },
      // Unlike a bind in the short form, a mount whose source is missing fails instead of making an empty directory.
      Mounts: spec.mounts.map(({ source, target, readOnly }) => ({
        Type: 'bind',
        Source: source,
        Target: target,
        ReadOnly: readOnly,
      })),
      PortBindings: Object.fromEntries(ports.map(({ key, port }) => [key, [{ HostPort: String(port) }]])),
      CapDrop: DROPPED,
      PidsLimit: spec.pidsLimit,
      LogConfig: { Type: 'json-file', Config: { 'max-size': '10m', 'max-file': '3' } },
      ...(spec.cgroupParent && { CgroupParent: spec.cgroupParent }),
    },
  };
}
