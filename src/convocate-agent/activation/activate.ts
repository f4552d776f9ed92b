import { OperationError } from '../../base/errors.ts';
import type { DockerImages } from '../docker/images.ts';
import { converge } from '../install/converge.ts';
import type { ConvergeReport } from '../install/item.ts';
import { managedItems } from '../install/items.ts';
import { type InstalledRelease, verifyRelease } from '../release-home.ts';
import { askDocker } from './docker-trouble.ts';
import { isTheImage } from './stage-image.ts';

/**
 * Makes `release` the live one (decision 1): proves signature, digests and image, and converges the host on it; the
 * heart of that is one rename of `current`. Sessions are not touched, and whoever called restarts the service.
 */
export async function activate(release: InstalledRelease, docker: DockerImages): Promise<ConvergeReport> {
  await verifyRelease(release);
  const { image, version } = release.manifest;
  const found = await askDocker(docker.inspect(image.tag));
  if (!found || !isTheImage(found, image)) {
    throw new OperationError(
      `the image ${image.tag} is not whole on this host, so release ${version} was not activated`,
      {
        hint: 'run `convocate-host update` again: it sends the image',
      },
    );
  }
  return await converge(await managedItems(release));
}
