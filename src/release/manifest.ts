import * as z from 'zod/mini';
import { OperationError } from '../base/errors.ts';
import { isVersion } from '../protocol/ids.ts';

const Digest = z.string().check(z.regex(/^[0-9a-f]{64}$/, 'must be a SHA-256 in hex'));

/** A path below the release's directory: no "..", no absolute path, nothing hidden. */
const ReleasePath = z.string().check(
  z.regex(/^[A-Za-z0-9_][A-Za-z0-9._-]*(\/[A-Za-z0-9._-]*[A-Za-z0-9_-])*$/),
  z.refine((path) => !path.includes('..')),
);

export const ReleaseFile = z.object({
  path: ReleasePath,
  sha256: Digest,
  /** Bytes, uncompressed. */
  size: z.int().check(z.gte(0)),
  executable: z.boolean(),
});
export type ReleaseFile = z.infer<typeof ReleaseFile>;

export const ReleaseImage = z.object({
  /** `convocate:<version>` */
  tag: z.string(),
  /** The image's id where Docker keeps images in a graph driver: digest of its config. */
  config_digest: Digest,
  /** The image's id in the containerd store: digest of its OCI manifest. */
  manifest_digest: Digest,
  /** From the base up; the digest is that of the uncompressed layer, which both stores call diffID. */
  layers: z.array(z.object({ diff_id: Digest, size: z.int().check(z.gte(0)) })).check(z.minLength(1)),
  /** How it was made, for people: base image and toolchain. */
  base: z.string(),
  toolchain: z.string(),
});
export type ReleaseImage = z.infer<typeof ReleaseImage>;

/**
 * What a release is (decision 1): everything that is rolled out under one version, by digest. Immutable once
 * stored; its signature covers the very bytes of this JSON.
 */
export const Manifest = z.object({
  format: z.literal(1),
  version: z.string().check(z.refine(isVersion, 'is not a version')),
  git_revision: z.string(),
  /** Wire versions the agent of this release speaks. */
  protocol: z.object({ min: z.int(), max: z.int() }),
  /** What the program needs of a host: `uname -m` and the least glibc. */
  requires: z.object({ machine: z.string(), glibc: z.string() }),
  /** Digest over all that the image is built from: the same inputs are not built twice. */
  inputs_digest: Digest,
  files: z.array(ReleaseFile),
  image: ReleaseImage,
});
export type Manifest = z.infer<typeof Manifest>;

export const MANIFEST_FILE = 'manifest.json';
export const SIGNATURE_FILE = 'manifest.json.sig';
/** The image's own documents travel as files of the release: tiny, and needed to put the archive together. */
export const IMAGE_CONFIG_FILE = 'image/config.json';
export const IMAGE_MANIFEST_FILE = 'image/manifest.json';

/** The bytes that are stored, signed and hashed. */
export function serializeManifest(manifest: Manifest): string {
  return `${JSON.stringify(manifest, null, 2)}\n`;
}

/** @param hint what mends one that is damaged */
export function parseManifest(text: string, where: string, hint: string): Manifest {
  try {
    return Manifest.parse(JSON.parse(text));
  } catch (error) {
    throw new OperationError(`the release manifest ${where} is damaged`, {
      hint,
      cause: error,
    });
  }
}

export function fileOf(manifest: Manifest, path: string): ReleaseFile {
  const file = manifest.files.find((candidate) => candidate.path === path);
  if (!file) throw new OperationError(`release ${manifest.version} has no file ${path}`);
  return file;
}
