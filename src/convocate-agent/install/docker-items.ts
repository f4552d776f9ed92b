import { readFile } from 'node:fs/promises';
import * as z from 'zod/mini';
import { pollUntil } from '../../base/deadline.ts';
import { OperationError, codeOf, messageOf } from '../../base/errors.ts';
import { parseJson } from '../../base/parse-json.ts';
import { runChecked, runCommand } from '../../base/run-command.ts';
import { rewriteFile } from './file-items.ts';
import type { ManagedItem } from './item.ts';

const DAEMON_CONFIG = '/etc/docker/daemon.json';

const DockerInfo = z.object({ CgroupDriver: z.string(), LiveRestoreEnabled: z.boolean() });

/** What Docker says of itself, or why it cannot be asked. */
async function askDocker(): Promise<z.infer<typeof DockerInfo> | string> {
  const result = await runCommand(['docker', 'info', '--format', '{{json .}}'], { timeoutMs: 30_000 });
  if (result.exitCode === 127) return 'Docker is not installed';
  const info = DockerInfo.safeParse(parseJson(result.stdout));
  return info.success ? info.data : `Docker does not answer: ${result.stderr.trim() || 'no answer'}`;
}

type DockerAnswer = Awaited<ReturnType<typeof askDocker>>;

export function dockerItems(): ManagedItem[] {
  let asked: Promise<DockerAnswer> | undefined;
  const ask = (): Promise<DockerAnswer> => (asked ??= askDocker()); // once for all three: an activation is in a hurry
  return [
    {
      name: 'docker',
      onlyOperatorCanFix: 'install Docker Engine 20.10 or later and start it: systemctl enable --now docker',
      check: async () => {
        const info = await ask();
        return typeof info === 'string' ? info : undefined;
      },
      apply: () => Promise.resolve(),
    },
    {
      // The slice that bounds all sessions is a systemd unit; with the other driver Docker refuses such a parent.
      name: 'docker cgroup driver',
      onlyOperatorCanFix: `put {"exec-opts":["native.cgroupdriver=systemd"]} into ${DAEMON_CONFIG} and restart Docker`,
      check: async () => {
        const info = await ask();
        if (typeof info === 'string') return info;
        return info.CgroupDriver === 'systemd'
          ? undefined
          : `Docker's cgroup driver is ${info.CgroupDriver}, not systemd`;
      },
      apply: () => Promise.resolve(),
    },
    {
      name: 'docker live-restore',
      check: async () => await checkLiveRestore(await ask()),
      apply: enableLiveRestore,
    },
  ];
}

/** Without live-restore a restart or an upgrade of Docker ends every session on the host. */
async function checkLiveRestore(info: DockerAnswer): Promise<string | undefined> {
  if (typeof info === 'string') return info;
  if (!info.LiveRestoreEnabled) return 'is off: a restart of Docker would end every session';
  // It is on by a flag of dockerd or by the file, never by both. Gone from the file, it is still on until Docker restarts.
  const { stdout } = await runCommand(['systemctl', 'show', 'docker.service', '--property', 'ExecStart']);
  if (stdout.includes('--live-restore')) return undefined;
  const config = await readDaemonConfig().catch(messageOf);
  if (typeof config === 'string') return config;
  return config['live-restore'] === true
    ? undefined
    : `is not in ${DAEMON_CONFIG}: it would be off after the next restart of Docker`;
}

async function enableLiveRestore(): Promise<void> {
  const config = await readDaemonConfig();
  // It may hold a proxy's password, so nobody else may read it than could before.
  await rewriteFile(DAEMON_CONFIG, `${JSON.stringify({ ...config, 'live-restore': true }, null, 2)}\n`);
  await runChecked(['systemctl', 'reload', 'docker.service']);
  await pollUntil(
    async () => ((await checkLiveRestore(await askDocker())) === undefined ? true : undefined),
    {
      timeoutMs: 15_000,
      intervalMs: 200,
      what: "Docker's taking up live-restore",
    },
  );
}

async function readDaemonConfig(): Promise<Record<string, unknown>> {
  const text = await readFile(DAEMON_CONFIG, 'utf8').catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return '{}';
    throw error;
  });
  const config = z.record(z.string(), z.unknown()).safeParse(parseJson(text));
  if (config.success) return config.data;
  throw new OperationError(
    `${DAEMON_CONFIG} is not a JSON object, so live-restore cannot be merged into it`,
    {
      hint: `mend ${DAEMON_CONFIG}, then run this again`,
    },
  );
}
