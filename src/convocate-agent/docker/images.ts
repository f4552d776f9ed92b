import { createRequire } from 'node:module';
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
/** Not imported, which would load undici along: see engine.ts. */
const { Agent } = createRequire(import.meta.url)('node:http') as typeof import('node:http');

export class DockerImages {
  readonly #socketPath: string;

  constructor(socketPath = '/var/run/docker.sock') {
    this.#socketPath = socketPath;
  }

  /** See {@link loadArchive}. */
  async load(archive: Readable): Promise<void> {
    await loadArchive(new Docker({ socketPath: this.#socketPath }), archive);
  }

  /**
   * One request with an end. What is given up is closed as well, because a request to a Docker that hangs would keep the
   * process, and with it the rollout lock, for ever. dockerode can abort some of its calls only, so each has its own
   * connection.
   */
  async #ask<T>(what: string, call: (docker: Docker) => Promise<T>, timeoutMs = CALL_MS): Promise<T> {
    const agent = new Agent({ keepAlive: false });
    const docker = new Docker({ socketPath: this.#socketPath, agent } as Docker.DockerOptions);
    try {
      return await withDeadline(call(docker), timeoutMs, what);
    } catch (error) {
      agent.destroy();
      throw error;
    }
  }

  async inspect(reference: string): Promise<ImageFacts | undefined> {
    try {
      const image = await this.#ask('docker image inspect', (docker) => docker.getImage(reference).inspect());
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
    const images = await this.#ask('docker images', (docker) => docker.listImages());
    const facts = await Promise.all(images.map((image) => this.inspect(image.Id).catch(() => undefined)));
    return facts.flatMap((fact) => (fact ? [fact.layers] : []));
  }

  /** The id of some image that has this layer. */
  async findHolder(diffId: string): Promise<string | undefined> {
    const images = await this.#ask('docker images', (docker) => docker.listImages());
    for (const { Id: id } of images) {
      const facts = await this.inspect(id).catch(() => undefined); // a damaged one
      if (facts?.layers.includes(diffId)) return id;
    }
    return undefined;
  }

  /** What `docker save` prints; whoever takes it closes it. */
  async save(reference: string): Promise<Readable> {
    const saving = this.#ask('docker save', (docker) => docker.getImage(reference).get(), SAVE_MS);
    return (await saving) as Readable;
  }

  async tag(reference: string, tag: string): Promise<void> {
    const [repo, version] = tag.split(':');
    const words = { repo: repo ?? tag, tag: version ?? 'latest' };
    await this.#ask('docker tag', (docker) => docker.getImage(reference).tag(words));
  }

  /** Takes a tag away, and the image with it where that was its last one. */
  async untag(tag: string): Promise<void> {
    try {
      await this.#ask('docker rmi', (docker) => docker.getImage(tag).remove());
    } catch (error) {
      if (statusOf(error) !== 404) throw error;
    }
  }

  async tagsOf(repository: string): Promise<string[]> {
    const images = await this.#ask('docker images', (docker) => docker.listImages());
    return images.flatMap((image) => image.RepoTags ?? []).filter((tag) => tag.startsWith(`${repository}:`));
  }

  /** Image tags and ids that some container, running or stopped, was made from. */
  async usedByContainers(): Promise<Set<string>> {
    const containers = await this.#ask('docker ps', (docker) => docker.listContainers({ all: true }));
    return new Set(containers.flatMap((container) => [container.Image, container.ImageID]));
  }

  /** Removes every container with this label that {@link tryOut} could not, since it was ended before: it pins its image. */
  async removeTrials(label: string): Promise<void> {
    const filters = { label: [`${label}=true`] };
    const left = await this.#ask('docker ps', (docker) => docker.listContainers({ all: true, filters }));
    for (const { Id: id } of left) {
      const removing = this.#ask('docker rm', (docker) =>
        docker.getContainer(id).remove({ force: true, v: true }),
      );
      await removing.catch((error: unknown) => {
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
    const spec = {
      Image: reference,
      Entrypoint: [program],
      Labels: { [label]: 'true' },
      HostConfig: { NetworkMode: 'none', Init: true },
    };
    const { id } = await this.#ask('docker create', (docker) => docker.createContainer(spec));
    try {
      await this.#ask('docker start', (docker) => docker.getContainer(id).start());
      const ended: unknown = await this.#ask('the throw-away container', (docker) =>
        docker.getContainer(id).wait(),
      );
      const output = await this.#ask('docker logs', (docker) =>
        docker.getContainer(id).logs({ stdout: true, stderr: true, tail: 20 }),
      );
      return {
        exitCode: z.object({ StatusCode: z.int() }).parse(ended).StatusCode,
        output: readable(output),
      };
    } finally {
      const removing = this.#ask('docker rm', (docker) => docker.getContainer(id).remove({ force: true }));
      await removing.catch((error: unknown) => {
        throw new OperationError(`the throw-away container could not be removed: ${messageOf(error)}`);
      });
    }
  }
}

/** Docker frames log output of containers without a terminal; the frames' headers are not for people. */
function readable(output: Buffer): string {
  return output.toString('utf8').replaceAll(/[^\x20-\x7e\n]/g, '');
}
