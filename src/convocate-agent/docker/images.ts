import type { Readable } from 'node:stream';
import Docker from 'dockerode';
import * as z from 'zod/mini';
import { withDeadline } from '../../base/deadline.ts';
import { OperationError, messageOf } from '../../base/errors.ts';
import { statusOf } from './docker-error.ts';
import { loadArchive } from './load-archive.ts';

/** What rollouts need of Docker: images, and who uses them. */

export interface ImageFacts {
  /** `sha256:…`: config digest in a graph driver, manifest digest in the containerd store. */
  readonly id: string;
  /** diffIDs without their prefix, from the base up. */
  readonly layers: readonly string[];
}

const SAVE_MS = 30 * 60_000;
const CALL_MS = 60_000;

export class DockerImages {
  readonly #docker: Docker;

  constructor(socketPath = '/var/run/docker.sock') {
    this.#docker = new Docker({ socketPath });
  }

  /** See {@link loadArchive}. */
  async load(archive: Readable): Promise<void> {
    await loadArchive(this.#docker, archive);
  }

  async inspect(reference: string): Promise<ImageFacts | undefined> {
    try {
      const image = await withDeadline(
        this.#docker.getImage(reference).inspect(),
        CALL_MS,
        'docker image inspect',
      );
      return {
        id: image.Id,
        layers: (image.RootFS.Layers ?? []).map((layer) => layer.replace('sha256:', '')),
      };
    } catch (error) {
      if (statusOf(error) === 404) return undefined;
      throw error;
    }
  }

  /** The layer chains of every image there is, damaged ones left out. */
  async chains(): Promise<(readonly string[])[]> {
    const images = await withDeadline(this.#docker.listImages(), CALL_MS, 'docker images');
    const facts = await Promise.all(images.map((image) => this.inspect(image.Id).catch(() => undefined)));
    return facts.flatMap((fact) => (fact ? [fact.layers] : []));
  }

  /** The id of some image that has this layer. */
  async findHolder(diffId: string): Promise<string | undefined> {
    const images = await withDeadline(this.#docker.listImages(), CALL_MS, 'docker images');
    for (const { Id: id } of images) {
      const facts = await this.inspect(id).catch(() => undefined); // a damaged one
      if (facts?.layers.includes(diffId)) return id;
    }
    return undefined;
  }

  /** What `docker save` prints; whoever takes it closes it. */
  async save(reference: string): Promise<Readable> {
    const saving = this.#docker.getImage(reference).get();
    return (await withDeadline(saving, SAVE_MS, 'docker save')) as Readable;
  }

  async tag(reference: string, tag: string): Promise<void> {
    const [repo, version] = tag.split(':');
    const tagging = this.#docker.getImage(reference).tag({ repo: repo ?? tag, tag: version ?? 'latest' });
    await withDeadline(tagging, CALL_MS, 'docker tag');
  }

  /** Takes a tag away, and the image with it where that was its last one. */
  async untag(tag: string): Promise<void> {
    try {
      await withDeadline(this.#docker.getImage(tag).remove(), CALL_MS, 'docker rmi');
    } catch (error) {
      if (statusOf(error) !== 404) throw error;
    }
  }

  async tagsOf(repository: string): Promise<string[]> {
    const images = await withDeadline(this.#docker.listImages(), CALL_MS, 'docker images');
    return images.flatMap((image) => image.RepoTags ?? []).filter((tag) => tag.startsWith(`${repository}:`));
  }

  /** Image tags and ids that some container, running or stopped, was made from. */
  async usedByContainers(): Promise<Set<string>> {
    const containers = await withDeadline(this.#docker.listContainers({ all: true }), CALL_MS, 'docker ps');
    return new Set(containers.flatMap((container) => [container.Image, container.ImageID]));
  }

  /** Removes every container with this label that {@link tryOut} could not, since it was ended before: it pins its image. */
  async removeTrials(label: string): Promise<void> {
    const filters = { label: [`${label}=true`] };
    const left = await withDeadline(
      this.#docker.listContainers({ all: true, filters }),
      CALL_MS,
      'docker ps',
    );
    for (const { Id: id } of left) {
      const removing = this.#docker.getContainer(id).remove({ force: true, v: true });
      await withDeadline(removing, CALL_MS, 'docker rm').catch((error: unknown) => {
        if (statusOf(error) !== 404 && statusOf(error) !== 409) throw error; // gone, or going: its own helper lives
      });
    }
  }

  /** Runs `program` in a container without a network that is gone afterwards; gives its exit code and output. */
  async tryOut(
    reference: string,
    program: string,
    label: string,
  ): Promise<{ exitCode: number; output: string }> {
    const creating = this.#docker.createContainer({
      Image: reference,
      Entrypoint: [program],
      Labels: { [label]: 'true' },
      HostConfig: { NetworkMode: 'none', Init: true },
    });
    const container = await withDeadline(creating, CALL_MS, 'docker create');
    try {
      await withDeadline(container.start(), CALL_MS, 'docker start');
      const ended: unknown = await withDeadline(container.wait(), CALL_MS, 'the throw-away container');
      const logs = container.logs({ stdout: true, stderr: true, tail: 20 });
      const output = await withDeadline(logs, CALL_MS, 'docker logs');
      return {
        exitCode: z.object({ StatusCode: z.int() }).parse(ended).StatusCode,
        output: readable(output),
      };
    } finally {
      const removing = container.remove({ force: true });
      await withDeadline(removing, CALL_MS, 'docker rm').catch((error: unknown) => {
        throw new OperationError(`the throw-away container could not be removed: ${messageOf(error)}`);
      });
    }
  }
}

/** Docker frames log output of containers without a terminal; the frames' headers are not for people. */
function readable(output: Buffer): string {
  return output.toString('utf8').replaceAll(/[^\x20-\x7e\n]/g, '');
}
