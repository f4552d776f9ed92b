import { readlink } from 'node:fs/promises';
import { OperationError } from '../../base/errors.ts';
import { AGENT_HOST } from '../../protocol/host-layout.ts';
import type { DockerImages } from '../docker/images.ts';
import { converge } from '../install/converge.ts';
import { switchLink } from '../install/file-items.ts';
import type { ConvergeReport } from '../install/item.ts';
import { managedItems } from '../install/items.ts';
import { type InstalledRelease, verifyRelease } from '../release-home.ts';

/**
 * Makes `release` the live one (decision D3): proves signature, digests and image, notes the release that was live
 * as the previous one, and converges the host on this one, whose heart is one rename of `current`. Sessions are not
 * touched, and the service is restarted by whoever called.
 */
export async function activate(release: InstalledRelease, docker: DockerImages): Promise<ConvergeReport> {
  await verifyRelease(release);
  const { image, version } = release.manifest;
  if (!(await docker.inspect(image.tag))) {
    throw new OperationError(
      `the image ${image.tag} is not on this host, so release ${version} was not activated`,
      {
        hint: 'run `convocate-host update` again: it sends the image',
      },
    );
  }
  const items = await managedItems(release);
  const live = await readlink(AGENT_HOST.currentLink).catch(() => undefined);
  if (live !== undefined && live !== release.directory) await switchLink(AGENT_HOST.previousLink, live);
  return await converge(items);
}
