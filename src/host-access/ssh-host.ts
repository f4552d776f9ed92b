import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { OperationError, RefusedError } from '../base/errors.ts';
import { type CommandResult, runCommand, startProcess } from '../base/run-command.ts';
import { quoteArgv } from '../base/shell-quote.ts';
import { expectInTime, expectSuccess } from './checked.ts';
import type { Host } from './host.ts';
import { explainRefusal } from './host-key.ts';
import { followProcess } from './running-command.ts';
import { type SshTarget, checkTarget, sshOptions } from './ssh-target.ts';

/** What is under way on a host ends with its connection, and that must not end with the operator's terminal. */
const APART = { apart: true } as const;

/** ssh's own exit code for "no connection"; a few programs, ssh-keygen among them, end with it too. */
const SSH_FAILED = 255;

/** Says on one line how to become root here, and from which address we came. */
const ELEVATION_PROBE = [
  'if [ "$(id -u)" = 0 ]; then way=root; elif sudo -n true 2>/dev/null; then way=sudo; else way=none; fi',
  'echo "$way $(id -un) ${SSH_CONNECTION%% *}"',
].join('; ');

/**
 * Of a command that a signal ended, sshd tells no more than that, and ssh ends with 255 as without a connection. A shell
 * that stays until its end says 128 + n instead.
 */
const TELL_SIGNAL = ['sh', '-c', '"$@"; exit $?', 'sh'];

interface Elevation {
  readonly prefix: readonly string[];
  readonly clientAddress: string;
}

/**
 * Connects through the system's `ssh`, over one multiplexed connection whose control socket lies in a private
 * directory. Throws RefusedError where the host's key is not the pinned one, the login fails, or root is out of reach.
 */
export async function openSshHost(target: SshTarget): Promise<Host> {
  checkTarget(target.host, target.user);
  const directory = await mkdtemp(join(tmpdir(), 'convocate-ssh-')); // mkdtemp makes it 0700
  const options = [...sshOptions(target), '-o', `ControlPath=${join(directory, 'mux')}`];
  const close = async (): Promise<void> => {
    await runCommand(['ssh', ...options, '-O', 'exit', target.host], { timeoutMs: 5_000 }).catch(() => {});
    await rm(directory, { recursive: true, force: true });
  };
  try {
    await startMaster(target, options);
    const { prefix, clientAddress } = await findElevation(target, options);
    const wrap = (argv: readonly string[]): string[] => [
      ...sshTo(target, options),
      quoteArgv([...prefix, ...TELL_SIGNAL, ...argv]),
    ];
    const isConnected = async (): Promise<boolean> => {
      const check = runCommand(['ssh', ...options, '-O', 'check', target.host], {
        timeoutMs: 5_000,
        ...APART,
      });
      return await check.then(
        ({ exitCode }) => exitCode === 0,
        () => false, // a master that does not even answer that carries nothing
      );
    };
    return sshHost(target, clientAddress, { wrap, isConnected, close });
  } catch (error) {
    await close();
    throw error;
  }
}

interface Connection {
  /** The local argv that runs this one on the host. */
  readonly wrap: (argv: readonly string[]) => string[];
  readonly isConnected: () => Promise<boolean>;
  readonly close: () => Promise<void>;
}

function sshTo(target: SshTarget, options: readonly string[]): string[] {
  return ['ssh', ...options, target.host, '--'];
}

function sshHost(target: SshTarget, clientAddress: string, { wrap, isConnected, close }: Connection): Host {
  const name = target.host;
  const expectConnected = async (argv: readonly string[], result: CommandResult): Promise<CommandResult> => {
    if (result.exitCode === SSH_FAILED && !(await isConnected())) throw connectionLost(name, argv, result);
    return result;
  };
  const run: Host['run'] = async (argv, options = {}) =>
    await expectConnected(
      argv,
      await expectInTime(name, argv, runCommand(wrap(argv), { ...options, ...APART })),
    );
  const start: Host['start'] = async (argv) => {
    const running = followProcess(
      name,
      argv,
      startProcess(wrap(argv), { stdio: ['pipe', 'pipe', 'pipe'], ...APART }),
    );
    return {
      ...running,
      finish: async (timeoutMs) => await expectConnected(argv, await running.finish(timeoutMs)),
    };
  };
  return {
    name,
    clientAddress,
    run,
    check: async (argv, options) => expectSuccess(name, argv, await run(argv, options)),
    start,
    reconnect: () => openSshHost(target),
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** `-f` comes back when the login has succeeded; the master ends with `-O exit`, or by itself when we were killed. */
async function startMaster(target: SshTarget, options: readonly string[]): Promise<void> {
  const argv = [
    'ssh',
    ...options,
    '-o',
    'ControlMaster=yes',
    '-o',
    'ControlPersist=60',
    '-f',
    '-N',
    target.host,
  ];
  // Not apart: a jump host of the operator's may have to ask for something on their terminal. The master goes into a session
  // of its own when it stands.
  const login = runCommand(argv, { timeoutMs: 30_000 });
  const result = await expectInTime(target.host, ['ssh', target.host], login);
  if (result.exitCode !== 0) throw await explainRefusal(target.host, target.knownHostsFile, result.stderr);
}

async function findElevation(target: SshTarget, options: readonly string[]): Promise<Elevation> {
  const argv = ['sh', '-c', ELEVATION_PROBE];
  const probe = runCommand([...sshTo(target, options), quoteArgv(argv)], { timeoutMs: 30_000, ...APART });
  const result = await expectInTime(target.host, argv, probe);
  // A login may say something of its own before, such as a greeting.
  const [, way, user, clientAddress = ''] = /^(root|sudo|none) (\S+) (\S*)$/m.exec(result.stdout) ?? [];
  if (way === 'root') return { prefix: [], clientAddress };
  if (way === 'sudo') return { prefix: ['sudo', '-n', '--'], clientAddress };
  if (way === undefined) throw noAnswer(target, result);
  throw new RefusedError(
    `user ${user ?? target.user} cannot become root without a password; nothing was changed`,
    {
      host: target.host,
      argv: ['sudo', '-n', 'true'],
      output: result.stderr,
      hint: 'let the user run sudo without a password on that host, or name another user with --user',
    },
  );
}

/** It let us in, and ran nothing, as where the account has no shell, or its connection went. */
function noAnswer({ host }: SshTarget, { exitCode, stdout, stderr }: CommandResult): RefusedError {
  return new RefusedError('the login over SSH ran no command; nothing was changed', {
    host,
    argv: ['ssh', host, 'id'],
    exitCode,
    output: `${stdout}\n${stderr}`,
    hint: 'see what `ssh` to this host with that command says; it has to print the user, by way of a shell',
  });
}

function connectionLost(host: string, argv: readonly string[], result: CommandResult): OperationError {
  // The exit code is ssh's own: how the command ended, nobody knows.
  return new OperationError('the SSH connection was lost', {
    host,
    argv,
    output: result.stderr,
    hint: 'run the same command again: what was sent is kept, and what was begun is finished or taken back',
  });
}
