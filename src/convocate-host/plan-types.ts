import type { Manifest } from '../release/manifest.ts';
import type { RenderedFile } from '../release/host-files.ts';
import type { HostFacts } from './facts.ts';

/** One blob that has to travel, and how much of it. */
export interface PlannedBlob {
  /** What it is, for people: `lib/convocate-agent.mjs`, `image layer 2 of 2`. */
  readonly what: string;
  readonly sha256: string;
  /** Bytes on the wire, whole. */
  readonly packedBytes: number;
  /** Bytes that an earlier transfer left on the host; they are not sent again. */
  readonly offset: number;
}

/** A layer of the image on its way, whole or as a patch. */
export interface PlannedLayer extends PlannedBlob {
  /** Set where the bytes are a patch: the layer that the host has and that it applies to, with its size, unpacked. */
  readonly patch?: { readonly diffId: string; readonly sizeBytes: number };
  /** Set where they are a patch: the layer as it would travel whole. */
  readonly whole?: Pick<PlannedBlob, 'packedBytes' | 'offset'>;
  /** Which form was chosen and why, for people; only where the layer is large enough for a choice. */
  readonly why?: string;
}

/** A file, or what stands for one, whose content will be another. */
export interface FileChange {
  readonly path: string;
  /** Undefined where it does not exist yet. */
  readonly before: string | undefined;
  readonly after: string;
  /** Where its permission bits will be others: those before and after. */
  readonly modes?: readonly [number, number];
}

/** All that one run of `update` will do to one host: printable, and decided before anything is done. */
export interface Plan {
  readonly version: string;
  readonly imageTag: string;
  readonly fromVersion: string | undefined;
  /** Why this host cannot take the release; nothing is done where there is one. */
  readonly refusals: readonly string[];
  readonly warnings: readonly string[];
  /** The release's directory has to be put together on the host. */
  readonly stageRelease: boolean;
  /** Program files that travel together, being small. */
  readonly smallFiles: readonly PlannedBlob[];
  /** Bytes of the archive they travel in, with the signed manifest; 0 where nothing has to be staged. */
  readonly releaseBytes: number;
  /** Program files that travel alone and can be taken up again where they were cut off. */
  readonly largeFiles: readonly PlannedBlob[];
  readonly layers: readonly PlannedLayer[];
  /** Layers that stay home because the host has them. */
  readonly sharedLayers: number;
  readonly loadImage: boolean;
  readonly changes: readonly FileChange[];
  /** Program, units or links change, so the release has to be activated. */
  readonly activate: boolean;
  readonly daemonReload: boolean;
  readonly restart: boolean;
}

export interface PlanInput {
  readonly facts: HostFacts;
  readonly manifest: Manifest;
  readonly manifestDigest: string;
  /** Bytes each blob of the release takes on the wire, by digest. */
  readonly packedBytes: ReadonlyMap<string, number>;
  /** What the release would write on this very host. */
  readonly hostFiles: readonly RenderedFile[];
  /** The layers that must travel, of those the release has. */
  readonly missingLayers: readonly { readonly diff_id: string; readonly size: number }[];
  /** How each of them would travel. */
  readonly layers: readonly PlannedLayer[];
  readonly paths: {
    readonly allowedSigners: string;
    readonly stamp: string;
    readonly current: string;
    readonly previous: string;
    readonly releasesDir: string;
  };
  readonly signers: string;
}
