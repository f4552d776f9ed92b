// The session image, built once per recipe and kept between runs.
import { createHash } from 'node:crypto';
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ensureBaseImage } from '../../../lab/base-image.ts';
import type { Docker } from '../../../lab/docker.ts';
import { exclusively } from '../../../lab/exclusive.ts';

const imageDirectory = join(import.meta.dirname, '../../../image');

/** Gives the tag of a session image with the minimal toolchain. */
export async function ensureSessionImage(docker: Docker): Promise<string> {
  return await exclusively('test-session-image', async () => {
    const base = await ensureBaseImage(docker, 'bookworm');
    const context = join(imageDirectory, 'toolchain');
    const toolchain = `convocate-test-toolchain:${await recipeOf(context, base)}`;
    const minimal = [
      '--build-arg',
      `BASE_IMAGE=${base}`,
      '--build-arg',
      'TOOLCHAIN=minimal',
      '--network',
      'host',
    ];
    await ensure(docker, toolchain, [...minimal, context]);
    const session = `convocate-test-agent-session:${await recipeOf(join(imageDirectory, 'rootfs'), toolchain)}`;
    await ensure(docker, session, ['--build-arg', `TOOLCHAIN_IMAGE=${toolchain}`, imageDirectory]);
    return session;
  });
}

async function ensure(docker: Docker, tag: string, args: readonly string[]): Promise<void> {
  if (await docker.hasImage(tag)) return;
  await docker.run(['build', '--label', 'convocate.test=toolchain', '--tag', tag, ...args], {
    timeoutMs: 600_000,
  });
}

async function recipeOf(directory: string, base: string): Promise<string> {
  const recipe = createHash('sha256').update(base);
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  for (const file of files.sort()) recipe.update(await readFile(file));
  return recipe.digest('hex').slice(0, 12);
}
