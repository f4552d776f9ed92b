// One machine, from image to "ready". The flags are what systemd and a Docker inside need, and no more: they also work
// on a box that has lost CAP_SYS_RESOURCE or still runs cgroup v1, where --privileged fails.
import { readFileSync } from 'node:fs';
import type { Docker } from './docker.ts';
import type { MachineImage, MachineKind } from './images.ts';
import { engineName, labelArgs, labelsOf, type Role } from './naming.ts';
import type { LabNetwork } from './network.ts';

export interface MachinePlan {
  readonly lab: string;
  readonly hostname: string;
  readonly role: Role;
  readonly kind: MachineKind;
  readonly address: string;
  readonly network: LabNetwork;
  readonly image: MachineImage;
}

export interface EngineFacts {
  readonly cgroupVersion: string;
  readonly canRaiseLimits: boolean;
  readonly nameservers: readonly string[];
}

const capSysResource = 24n;

export async function engineFacts(docker: Docker): Promise<EngineFacts> {
  const bounding = /^CapBnd:\s*([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '0';
  const nameservers = readFileSync('/etc/resolv.conf', 'utf8')
    .split('\n')
    .flatMap((line) => /^nameserver\s+([0-9.]+)/.exec(line)?.[1] ?? [])
    .filter((address) => !address.startsWith('127.'));
  return {
    cgroupVersion: await docker.run(['info', '--format={{.CgroupVersion}}']),
    canRaiseLimits: ((BigInt(`0x${bounding}`) >> capSysResource) & 1n) === 1n,
    nameservers,
  };
}

/** `docker run` arguments of a machine. Pure, so that it can be read and tested without an engine. */
export function runArgs(plan: MachinePlan, facts: EngineFacts): string[] {
  const name = engineName(plan.lab, plan.hostname);
  const labels = {
    ...labelsOf(plan.lab),
    'convocate.lab.role': plan.role,
    'convocate.lab.kind': plan.kind,
    'convocate.lab.address': plan.address,
  };
  const volumeLabels = Object.entries(labelsOf(plan.lab)).map(
    ([key, value]) => `volume-label=${key}=${value}`,
  );
  const dockerSettings = {
    // `--cgroup-parent NAME.slice` works with this driver only.
    'exec-opts': ['native.cgroupdriver=systemd'],
    // The machine's own resolver is on its loopback, where containers inside cannot reach it.
    ...(facts.nameservers.length > 0 ? { dns: facts.nameservers } : {}),
    ...(Object.keys(plan.image.dockerFeatures).length > 0 ? { features: plan.image.dockerFeatures } : {}),
  };
  return [
    'run',
    '--detach',
    `--name=${name}`,
    `--hostname=${plan.hostname}`,
    ...labelArgs(labels),
    `--network=${plan.network.name}`,
    `--ip=${plan.address}`,
    // The names by which the other machines of the lab find this one.
    `--network-alias=${plan.hostname}`,
    `--network-alias=${plan.lab}-${plan.hostname}`,
    '--cap-add=ALL',
    ...(facts.canRaiseLimits ? [] : ['--cap-drop=SYS_RESOURCE']),
    '--security-opt=seccomp=unconfined',
    '--security-opt=apparmor=unconfined',
    '--security-opt=systempaths=unconfined',
    '--cgroupns=private',
    // Loop devices and their control node, for disks that can be full.
    '--device-cgroup-rule=b 7:* rwm',
    '--device-cgroup-rule=c 10:237 rwm',
    '--tmpfs=/run:exec,mode=755',
    '--tmpfs=/run/lock',
    ...plan.image.volumes.map((path) =>
      [
        '--mount=type=volume',
        `source=${name}${path.replaceAll('/', '-')}`,
        `target=${path}`,
        ...volumeLabels,
      ].join(','),
    ),
    `--env=LAB_DOCKER_SETTINGS=${JSON.stringify(dockerSettings)}`,
    ...(facts.cgroupVersion === '1' && plan.kind === 'trixie'
      ? // systemd 257 refuses cgroup v1 unless told so on its "kernel command line".
        ['--env=SYSTEMD_PROC_CMDLINE=systemd.unified_cgroup_hierarchy=0 SYSTEMD_CGROUP_ENABLE_LEGACY_FORCE=1']
      : []),
    plan.image.tag,
  ];
}
