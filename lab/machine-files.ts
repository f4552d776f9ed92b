// Files onto a machine and back. All of it goes through programs that run on the machine, not through `docker cp`: that one
// does not see what is mounted inside, such as /run or a small disk, and would write below it.
import { statSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import type { MachineCommands } from './machine-commands.ts';
import { CommandFailed } from './run-command.ts';

export interface FileOptions {
  /** As chmod takes it, such as "0600". Default 0644. */
  readonly mode?: string;
  /** "user" or "user:group". Default root:root. */
  readonly owner?: string;
}

export async function writeFile(
  machine: MachineCommands,
  path: string,
  content: string | Uint8Array,
  options: FileOptions = {},
): Promise<void> {
  const [user = 'root', group = user] = (options.owner ?? 'root').split(':');
  const flags = ['-D', `--mode=${options.mode ?? '0644'}`, `--owner=${user}`, `--group=${group}`];
  await machine.run(['install', ...flags, '/dev/stdin', path], { input: content });
}

export async function readFile(machine: MachineCommands, path: string): Promise<string> {
  return (await machine.run(['cat', path])).stdout;
}

export async function readBytes(machine: MachineCommands, path: string): Promise<Buffer> {
  const result = await machine.execBytes(['cat', path]);
  if (result.exitCode === 0) return result.stdout;
  const said = { ...result, stdout: '', stderr: result.stderr.toString() };
  throw new CommandFailed(['cat', path], said, `${machine.name}: `);
}

export async function copyIn(machine: MachineCommands, localPath: string, remotePath: string): Promise<void> {
  const isDirectory = statSync(localPath).isDirectory();
  const target = isDirectory ? remotePath : dirname(remotePath);
  await machine.run(['mkdir', '-p', target]);
  const what = isDirectory ? [`--directory=${localPath}`, '.'] : renamedFile(localPath, basename(remotePath));
  const pack = ['tar', '--create', '--owner=0', '--group=0', '--numeric-owner', ...what];
  const unpack = [
    'tar',
    '--extract',
    '--preserve-permissions',
    '--no-overwrite-dir',
    `--directory=${target}`,
  ];
  await machine.docker.pipeInto(pack, machine.execArgs(unpack, { input: '' }));
}

/** tar's arguments for one file under another name. */
function renamedFile(localPath: string, newName: string): string[] {
  // An "s" expression of sed, with a separator that no path holds.
  const rename = `s\u0001.*\u0001${newName.replaceAll('&', '\\&')}\u0001`;
  return [`--directory=${dirname(localPath)}`, `--transform=${rename}`, `./${basename(localPath)}`];
}
