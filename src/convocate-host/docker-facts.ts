import * as z from 'zod/mini';
import { decode } from './script-lines.ts';

/** A session container as Docker tells of it; all of this must be the same after an update. */
export interface ContainerFact {
  readonly id: string;
  /** `convocate-session-<uuid>` */
  readonly name: string;
  /** The tag it was made from. */
  readonly image: string;
  readonly imageId: string;
  readonly startedAt: string;
  readonly running: boolean;
}

export interface ImageFact {
  readonly id: string;
  readonly tags: readonly string[];
  /** diffIDs without "sha256:", from the base up. */
  readonly layers: readonly string[];
}

export interface DockerFacts {
  readonly version: string;
  readonly cgroupDriver: string;
  readonly liveRestore: boolean;
  /** Free bytes where Docker keeps its images. */
  readonly freeBytes: number;
  readonly images: readonly ImageFact[];
  readonly containers: readonly ContainerFact[];
}

const Info = z.object({
  ServerVersion: z.string(),
  CgroupDriver: z.string(),
  LiveRestoreEnabled: z.boolean(),
});

/** From the script's lines about Docker; undefined where it is missing or does not answer. */
export function parseDocker(
  info: string,
  images: readonly string[],
  containers: readonly string[],
  disks: readonly string[],
): DockerFacts | undefined {
  const parsed = Info.safeParse(info === '' ? undefined : JSON.parse(decode(info)));
  if (!parsed.success) return undefined;
  const free = disks.map(splitFirst).find(([, place]) => place === 'docker');
  return {
    version: parsed.data.ServerVersion,
    cgroupDriver: parsed.data.CgroupDriver,
    liveRestore: parsed.data.LiveRestoreEnabled,
    freeBytes: Number(free?.[0] ?? 0) * 1024,
    images: images.map(parseImage),
    containers: containers.map(parseContainer),
  };
}

const ImageLine = z.tuple([z.string(), z.nullable(z.array(z.string())), z.nullable(z.array(z.string()))]);

function parseImage(line: string): ImageFact {
  const [id, tags, layers] = ImageLine.parse(parseValues(line));
  return { id, tags: tags ?? [], layers: (layers ?? []).map((layer) => layer.replace('sha256:', '')) };
}

const ContainerLine = z.tuple([z.string(), z.string(), z.string(), z.string(), z.string(), z.boolean()]);

/** From a line about a session container. */
export function parseContainer(line: string): ContainerFact {
  const [id, name, image, imageId, startedAt, running] = ContainerLine.parse(parseValues(line));
  return { id, name: name.replace(/^\//, ''), image, imageId, startedAt, running };
}

/** Docker's templates print several JSON values on a line, none of which holds a space. */
function parseValues(line: string): unknown[] {
  return line.split(' ').map((value) => JSON.parse(value) as unknown);
}

export function splitFirst(text: string): [string, string] {
  const space = text.indexOf(' ');
  return space === -1 ? [text, ''] : [text.slice(0, space), text.slice(space + 1)];
}
