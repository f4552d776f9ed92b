import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile, realpath, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { OperationError } from '../base/errors.ts';
import { AGENT_HOST } from '../protocol/host-layout.ts';
import {
  MANIFEST_FILE,
  type Manifest,
  type ReleaseFile,
  SIGNATURE_FILE,
  parseManifest,
} from '../release/manifest.ts';
import { verifyManifest } from '../release/signature.ts';

const UPDATE_AGAIN = 'run `convocate-host update` for this host again';

/** A release as it lies unpacked on an agent host. */
export interface InstalledRelease {
  readonly directory: string;
  readonly manifest: Manifest;
  readonly manifestText: string;
}

/** The release this very program belongs to: `<release>/lib/convocate-agent.mjs`, whichever link it was started by. */
export async function openOwnRelease(programUrl = import.meta.filename): Promise<InstalledRelease> {
  return await openRelease(dirname(dirname(await realpath(programUrl))));
}

export async function openRelease(directory: string): Promise<InstalledRelease> {
  const file = join(directory, MANIFEST_FILE);
  const manifestText = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new OperationError(`${directory} is not a release: it has no ${MANIFEST_FILE}`, { cause });
  });
  return { directory, manifest: parseManifest(manifestText, file, UPDATE_AGAIN), manifestText };
}

export async function readReleaseFile(release: InstalledRelease, path: string): Promise<Buffer> {
  return await readFile(join(release.directory, path));
}

/**
 * Proves that a release is whole and the cluster's own: the signature over its manifest, then the digest of every
 * file. Throws OperationError naming the first file that is not what it was. Changes nothing: what to send for it is
 * found by the host's own tools (decision 5).
 */
export async function verifyRelease(release: InstalledRelease): Promise<void> {
  const signature = await readFile(join(release.directory, SIGNATURE_FILE), 'utf8');
  await verifyManifest(release.manifestText, signature, AGENT_HOST.allowedSignersFile);
  const damaged: ReleaseFile[] = [];
  for (const file of release.manifest.files) if (!(await isWhole(release, file))) damaged.push(file);
  const [first, ...others] = damaged;
  if (!first) return;
  const path = join(release.directory, first.path);
  const more = others.length > 0 ? `, and so with ${others.length} more` : '';
  throw new OperationError(`${path} is not the file that release ${release.manifest.version} holds${more}`, {
    hint: 'run `convocate-host update` again: it sends what is damaged',
  });
}

async function isWhole(
  { directory }: InstalledRelease,
  { path, size, sha256 }: ReleaseFile,
): Promise<boolean> {
  const file = join(directory, path);
  const found = await stat(file).catch(() => undefined);
  if (found?.size !== size) return false;
  return (await sha256Of(file).catch(() => 'unreadable')) === sha256; // a disk that is dying
}

async function sha256Of(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path, { highWaterMark: 1024 * 1024 }), hash);
  return hash.digest('hex');
}
