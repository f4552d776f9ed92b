import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { pack } from 'tar-stream';
import { OperationError, RefusedError } from '../../base/errors.ts';
import { exitOf, runChecked, runCommand, startProcess } from '../../base/run-command.ts';
import type { TreeFile } from './build-tree.ts';

const BUILD_MS = 60 * 60_000;
const SAVE_MS = 60 * 60_000;

/** The shell host's Docker, as far as building a release needs it. */

export async function expectDocker(): Promise<void> {
  const result = await runCommand(['docker', 'version', '--format', '{{.Server.Version}}'], {
    timeoutMs: 20_000,
  });
  if (result.exitCode === 0) return;
  throw new RefusedError('Docker does not answer on this machine', {
    argv: ['docker', 'version'],
    exitCode: result.exitCode,
    output: result.stderr,
    hint: 'install Docker Engine 20.10 or later and start it: systemctl enable --now docker',
  });
}

export async function hasImage(reference: string): Promise<boolean> {
  return (await imageId(reference)) !== undefined;
}

export async function imageId(reference: string): Promise<string | undefined> {
  const result = await runCommand(['docker', 'image', 'inspect', '--format', '{{.Id}}', reference]);
  return result.exitCode === 0 ? result.stdout.trim() : undefined;
}

/**
 * Builds `tag` from files in memory, with the classic builder, which every Docker since 20.10 has. Modes and times in
 * the context are set by us, so the same files give the same layer wherever they were checked out. The host's network
 * is used, since the resolver of many hosts is on their loopback.
 */
export async function buildImage(
  tag: string,
  context: readonly TreeFile[],
  args: Readonly<Record<string, string>>,
): Promise<void> {
  const argv = [
    ...['docker', 'build', '--quiet', '--network', 'host', '--tag', tag],
    ...Object.entries(args).flatMap(([name, value]) => ['--build-arg', `${name}=${value}`]),
    '-',
  ];
  const env = { ...process.env, DOCKER_BUILDKIT: '0' };
  const result = await runCommand(argv, { input: contextTar(context), env, timeoutMs: BUILD_MS });
  if (result.exitCode === 0) return;
  throw new OperationError(`the image ${tag} could not be built`, {
    argv,
    exitCode: result.exitCode,
    output: `${result.stdout}\n${result.stderr}`,
    hint: 'where the base image cannot be pulled, use --base-image debootstrap:bookworm',
  });
}

export interface BuiltImage {
  readonly tag: string;
  /** Digests of the uncompressed layers, in hex, from the base up. */
  readonly layers: readonly string[];
}

/** What has a tag in these repositories. */
export async function builtImages(repositories: readonly string[]): Promise<BuiltImage[]> {
  const filters = repositories.map((repository) => `--filter=reference=${repository}`);
  const listed = await runChecked(['docker', 'image', 'ls', '--format={{.Repository}}:{{.Tag}}', ...filters]);
  const tags = listed.split('\n').filter((tag) => tag !== '' && !tag.endsWith(':<none>'));
  if (tags.length === 0) return [];
  const format = '--format={{json .RootFS.Layers}}';
  const inspected = await runChecked(['docker', 'image', 'inspect', format, ...tags]);
  const chains = inspected.trim().split('\n');
  return tags.map((tag, place) => ({ tag, layers: hexDigests(chains[place]) }));
}

const hexDigests = (list = '[]'): string[] =>
  (JSON.parse(list) as string[]).map((digest) => digest.replace('sha256:', ''));

/** Takes the tag away, and the image where it has no other. Throws where a container was made from it. */
export async function removeImage(tag: string): Promise<void> {
  const argv = ['docker', 'image', 'rm', tag];
  const { exitCode, stderr } = await runCommand(argv);
  if (exitCode !== 0) throw new OperationError(`${tag}: ${stderr.trim()}`, { argv, exitCode });
}

/** What `docker save` prints; the stream fails where docker does, or takes too long. */
export function saveImage(tag: string): Readable {
  const argv = ['docker', 'save', tag];
  const child = startProcess(argv, { stdio: ['ignore', 'pipe', 'inherit'] });
  if (!child.stdout) throw new TypeError('docker save was started without a pipe');
  const stream = child.stdout;
  const timer = setTimeout(() => child.kill('SIGKILL'), SAVE_MS);
  void exitOf(child).then((exitCode) => {
    clearTimeout(timer);
    if (exitCode !== 0) stream.destroy(new OperationError('docker save failed', { argv, exitCode }));
  });
  return stream;
}

/** One digest over the names, modes and contents of files. */
export function digestOfFiles(files: readonly TreeFile[]): string {
  const hash = createHash('sha256');
  for (const { path, content, executable } of files) {
    hash.update(`${path}\0${executable ? 'x' : '-'}\0${content.length}\0`).update(content);
  }
  return hash.digest('hex');
}

function contextTar(files: readonly TreeFile[]): Readable {
  const tar = pack();
  const mtime = new Date(0);
  const folders = new Set<string>();
  for (const { path, content, executable } of files) {
    for (let at = path.indexOf('/'); at !== -1; at = path.indexOf('/', at + 1)) {
      const folder = path.slice(0, at);
      if (!folders.has(folder)) tar.entry({ name: folder, type: 'directory', mode: 0o755, mtime });
      folders.add(folder);
    }
    tar.entry({ name: path, mode: executable ? 0o755 : 0o644, mtime }, content);
  }
  tar.finalize();
  return Readable.from(tar);
}
