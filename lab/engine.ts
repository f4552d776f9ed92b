// Which Docker engine the lab lives on: a running one when there is one, otherwise a private one that we start, keep
// between runs, and stop only when nobody needs it.
import { existsSync, mkdirSync, openSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { pollUntil } from '../src/base/deadline.ts';
import { Docker } from './docker.ts';
import { exclusively } from './exclusive.ts';
import { isAlive, pidFileIsCurrent, removeStalePidFile, writePidFile } from './pid-file.ts';
import { spawnCommand } from './run-command.ts';
import { ensureTools, findTool } from './tools.ts';

export interface Engine {
  readonly docker: Docker;
  /** For DOCKER_HOST; undefined means "the docker command's own choice". */
  readonly dockerHost: string | undefined;
  /** Started by the lab, so the lab may stop it. */
  readonly isPrivate: boolean;
}

const runDirectory = '/run/convocate-lab';
const stateDirectory = '/var/lib/convocate-lab';
const socketPath = join(runDirectory, 'docker.sock');
const pidPath = join(runDirectory, 'docker.pid');
const execRoot = join(runDirectory, 'exec');
const logPath = join(stateDirectory, 'dockerd.log');
/** One pid file per process that uses the private engine, so that none stops it under another. */
const usersDirectory = join(runDirectory, 'users');
/** `touch` it to keep the private engine running whatever ends. */
const keepPath = join(runDirectory, 'keep');

const privateEngine: Engine = {
  docker: new Docker(`unix://${socketPath}`),
  dockerHost: `unix://${socketPath}`,
  isPrivate: true,
};

/** An engine that answers, started if need be. Safe to call from many processes at once. */
export async function openEngine(): Promise<Engine> {
  await ensureTools(['docker']);
  const running = await findEngine();
  if (running !== undefined) return use(running);
  return exclusively('engine', async () => {
    const startedMeanwhile = await findEngine();
    if (startedMeanwhile !== undefined) return use(startedMeanwhile);
    await startPrivateEngine();
    return use(privateEngine);
  });
}

/** A running engine: the one named by DOCKER_HOST, else our private one, else the box's own. */
export async function findEngine(): Promise<Engine | undefined> {
  const named = process.env['DOCKER_HOST'];
  if (named !== undefined && named !== '') {
    const docker = new Docker(named);
    if ((await docker.answers()) !== undefined) {
      return { docker, dockerHost: named, isPrivate: named === privateEngine.dockerHost };
    }
    if (named !== privateEngine.dockerHost) throw new Error(`DOCKER_HOST=${named} does not answer`);
    return undefined;
  }
  if (existsSync(socketPath) && (await privateEngine.docker.answers()) !== undefined) return privateEngine;
  const docker = new Docker(undefined);
  if ((await docker.answers()) !== undefined) return { docker, dockerHost: undefined, isPrivate: false };
  return undefined;
}

/** Stops the private engine unless a container, another process, or the keep file needs it. True when stopped. */
export async function stopEngineIfIdle(engine: Engine): Promise<boolean> {
  if (!engine.isPrivate || existsSync(keepPath)) return false;
  return exclusively('engine', async () => {
    if (hasOtherUsers()) return false;
    // Any container, not only labelled ones: someone's build or session may be running here too.
    if ((await engine.docker.lines(['ps', '--quiet'])).length > 0) return false;
    if ((await engine.docker.lines(['ps', '--all', '--quiet', '--filter', 'label=convocate.lab'])).length > 0)
      return false;
    const pid = Number(readFileSync(pidPath, 'utf8'));
    process.kill(pid, 'SIGTERM');
    await pollUntil(() => Promise.resolve(isAlive(pid) ? undefined : true), {
      timeoutMs: 30_000,
      intervalMs: 100,
      what: 'dockerd has stopped',
    });
    // Not the whole directory: dockerd may have left mounts below its exec-root.
    rmSync(usersDirectory, { recursive: true, force: true });
    rmSync(socketPath, { force: true });
    return true;
  });
}

async function startPrivateEngine(): Promise<void> {
  if (process.getuid?.() !== 0) {
    throw new Error(
      'no Docker engine answers, and starting a private one needs root: start Docker, or run as root',
    );
  }
  await ensureTools(['dockerd', 'iptables']);
  // Installing docker.io on a box with systemd starts its engine: then that is the one.
  if ((await findEngine()) !== undefined) return;
  mkdirSync(runDirectory, { recursive: true, mode: 0o755 });
  mkdirSync(join(stateDirectory, 'docker'), { recursive: true, mode: 0o711 });
  // Killed without a word, both leave their files; the marks stand in dockerd's flags and in those it gives to containerd.
  removeStalePidFile(pidPath, pidPath);
  removeStalePidFile(join(execRoot, 'containerd/containerd.pid'), execRoot);
  const log = openSync(logPath, 'a');
  const child = spawnCommand([findTool('dockerd') ?? 'dockerd', ...privateEngineFlags()], {
    detached: true,
    stdio: ['ignore', log, log],
    env: { ...process.env, PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin` },
  });
  let exited: number | null | undefined;
  child.once('error', () => (exited = -1));
  child.once('exit', (code) => (exited = code));
  child.unref();
  await pollUntil(
    async () => {
      if (exited !== undefined) {
        throw new Error(
          `dockerd exited with ${exited}; the end of ${logPath}:\n${readFileSync(logPath, 'utf8').slice(-2000)}`,
        );
      }
      return privateEngine.docker.answers();
    },
    { timeoutMs: 60_000, intervalMs: 200, what: 'the private Docker engine answers' },
  );
}

function privateEngineFlags(): string[] {
  return [
    `--host=unix://${socketPath}`,
    `--pidfile=${pidPath}`,
    `--exec-root=${execRoot}`,
    `--data-root=${join(stateDirectory, 'docker')}`,
    // Away from 172.17/16 and its neighbours, which the Docker inside each machine takes for itself.
    '--bip=10.212.0.1/24',
    '--default-address-pool=base=10.214.0.0/16,size=24',
    '--iptables=true',
    '--log-level=warn',
  ];
}

function use(engine: Engine): Engine {
  if (engine.isPrivate) {
    mkdirSync(usersDirectory, { recursive: true });
    writePidFile(join(usersDirectory, String(process.pid)), process.pid);
  }
  return engine;
}

/** Whether another process that runs has said that it uses the private engine. */
function hasOtherUsers(): boolean {
  if (!existsSync(usersDirectory)) return false;
  const others = readdirSync(usersDirectory).filter((name) => name !== String(process.pid));
  return others.some((name) => pidFileIsCurrent(join(usersDirectory, name)));
}
