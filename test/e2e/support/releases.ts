// Releases of these tests: the sources as they stand, with what a real change would bring.
import { buildTree } from '../../../lab/trees.ts';
import { installTree } from '../../../lab/cluster.ts';
import type { Lab } from '../../../lab/lab.ts';
import type { Machine } from '../../../lab/machine.ts';

export const entrypoint = 'image/rootfs/usr/local/lib/convocate-session/entrypoint';
const program = 'src/convocate-agent/main.ts';
const unit = 'src/convocate-agent/install/templates/convocate-agent.service';

export interface ReleaseChange {
  readonly version: string;
  /** So many bytes that no packer makes smaller, in the program and in the image: a transfer long enough to be cut. */
  readonly ballastBytes?: number;
}

/** Another program, another unit text and another last layer of the image: all that an update has to carry over. */
export async function buildRelease({ version, ballastBytes = 0 }: ReleaseChange): Promise<string> {
  const ballast = noise(version, ballastBytes);
  return await buildTree({
    version,
    appended: {
      [program]: `\nObject.assign(globalThis, { convocateRelease: '${version}${ballast}' });\n`,
      [unit]: `# as of ${version}\n`,
      // bash reads a script as it runs it: what comes after the exit is never looked at.
      [entrypoint]: `exit\n# ${version}${ballast}\n`,
    },
  });
}

/** Moves the shell host to that release; agents stay where they are. */
export async function moveShellTo(lab: Lab, tree: string): Promise<void> {
  await installTree(lab, tree);
}

/** What is live on an agent host by every account: link, stamp, and what the program itself says. */
export async function liveRelease(agent: Machine): Promise<{ link: string; stamp: string; program: string }> {
  const [link, stamp, version] = await Promise.all([
    agent.run(['readlink', '/usr/local/lib/convocate/current']),
    agent.readFile('/etc/convocate-agent/current-image'),
    agent.run(['convocate-agent', 'version']),
  ]);
  return {
    link: link.stdout.trim().split('/').at(-1) ?? '',
    stamp: stamp.trim(),
    program: version.stdout.trim(),
  };
}

export function wholly(version: string): { link: string; stamp: string; program: string } {
  return { link: version, stamp: `convocate:${version}`, program: version };
}

/** Base64 of a steady stream of bytes that look random; three quarters of it stay when it is packed. */
function noise(seed: string, bytes: number): string {
  let state = Buffer.from(seed).reduce((sum, byte) => Math.imul(sum, 31) + byte, 7) | 1;
  const buffer = Buffer.alloc(Math.ceil(bytes * 0.75));
  for (let index = 0; index < buffer.length; index += 1) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    buffer[index] = state & 0xff;
  }
  return buffer.toString('base64').slice(0, bytes);
}
