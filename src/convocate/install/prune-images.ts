import { access } from 'node:fs/promises';
import { messageOf } from '../../base/errors.ts';
import { AGENT_HOST } from '../../protocol/host-layout.ts';
import { IMAGE_REPOSITORY } from '../../protocol/ids.ts';
import type { Manifest } from '../../release/manifest.ts';
import { type BuiltImage, builtImages, removeImage } from './docker-build.ts';
import { TOOLCHAIN_REPOSITORY } from './release.ts';

/**
 * Takes from this machine's Docker what was built for releases that are not `kept` in the store: an update reads only
 * the store. Where this is an agent host too, its sessions run images of releases, and its agent prunes those. One that
 * a container here was made from stays: Docker says no.
 */
export async function pruneImages(kept: readonly Manifest[], say: (text: string) => void): Promise<void> {
  const agentHere = await access(AGENT_HOST.currentImageFile).then(
    () => true,
    () => false,
  );
  const repositories = agentHere ? [TOOLCHAIN_REPOSITORY] : [IMAGE_REPOSITORY, TOOLCHAIN_REPOSITORY];
  for (const tag of unneededImages(await builtImages(repositories), kept)) {
    try {
      await removeImage(tag);
      say(`removed the image ${tag}`);
    } catch (error) {
      say(`warning: an image that no stored release needs was left, which does no harm: ${messageOf(error)}`);
    }
  }
}

/** Images of no kept release, and toolchains that none of them is built on. */
export function unneededImages(images: readonly BuiltImage[], kept: readonly Manifest[]): string[] {
  const tags = new Set(kept.map(({ image }) => image.tag));
  const chains = kept.map(({ image }) => image.layers.map(({ diff_id }) => diff_id));
  const isNeeded = ({ tag, layers }: BuiltImage): boolean =>
    tag.startsWith(`${TOOLCHAIN_REPOSITORY}:`)
      ? chains.some((chain) => layers.every((layer, place) => chain[place] === layer))
      : tags.has(tag);
  return images.filter((image) => !isNeeded(image)).map(({ tag }) => tag);
}
