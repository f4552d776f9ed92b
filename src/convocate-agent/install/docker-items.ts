import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
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
  const config = await readDaemonConfig().catch(messageOf);
  if (typeof config === 'string') return config;
  if (config['live-restore'] === true) return undefined;
  const words = await dockerdWords();
  if (words === undefined || words.some(isLiveRestore)) return undefined;
  return `is not in ${DAEMON_CONFIG}: it would be off after the next restart of Docker`;
}

/**
 * What the running dockerd was started with, undefined where that cannot be seen, as behind a wrapper. Asked of the process:
 * systemd does not tell what comes from the variables of its unit, as Debian's DOCKER_OPTS.
 */
async function dockerdWords(): Promise<string[] | undefined> {
  const argv = ['systemctl', 'show', 'docker.service', '--property=MainPID', '--value'];
  const pid = (await runCommand(argv)).stdout.trim();
  if (!/^[1-9]\d*$/.test(pid)) return undefined;
  const text = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => undefined);
  const words = text?.split('\0');
  return basename(words?.[0] ?? '') === 'dockerd' ? words : undefined;
}

const isLiveRestore = (word: string): boolean => /^--?live-restore(=|$)/.test(word);

async function enableLiveRestore(): Promise<void> {
  const config = await readDaemonConfig();
  const flag = (await dockerdWords())?.find(isLiveRestore);
  if (flag !== undefined) {
    // Docker does not start where both say it.
    throw new OperationError(`Docker is started with ${flag}, so ${DAEMON_CONFIG} must not speak of it`, {
      hint: `take ${flag} out of the options of docker.service, restart Docker, then run this again`,
    });
  }
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
