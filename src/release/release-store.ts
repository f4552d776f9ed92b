import { mkdir, readFile, readdir, readlink, rename, rm, stat, symlink, utimes } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { writeFileAtomic } from '../base/atomic-file.ts';
import { RefusedError, codeOf } from '../base/errors.ts';
import { BlobStore } from './blob-store.ts';
import {
  MANIFEST_FILE,
  type Manifest,
  SIGNATURE_FILE,
  fileOf,
  parseManifest,
  serializeManifest,
} from './manifest.ts';

/** A release as the shell host keeps it: the signed manifest, whose blobs lie in the shared store. */
export interface StoredRelease {
  readonly manifest: Manifest;
  /** The very bytes that were signed. */
  readonly manifestText: string;
  readonly signature: string;
}

/** Releases of the shell host: `<stateDir>/releases/<version>/`, `<stateDir>/blobs/`, `<stateDir>/current`. */
export class ReleaseStore {
  readonly blobs: BlobStore;
  readonly #releasesDir: string;
  readonly #currentLink: string;

  constructor(stateDir: string) {
    this.blobs = new BlobStore(join(stateDir, 'blobs'));
    this.#releasesDir = join(stateDir, 'releases');
    this.#currentLink = join(stateDir, 'current');
  }

  async find(version: string): Promise<StoredRelease | undefined> {
    const directory = join(this.#releasesDir, version);
    try {
      const manifestText = await readFile(join(directory, MANIFEST_FILE), 'utf8');
      const signature = await readFile(join(directory, SIGNATURE_FILE), 'utf8');
      return {
        manifest: parseManifest(
          manifestText,
          join(directory, MANIFEST_FILE),
          `move ${directory} away, then run \`sudo make install\` of that version again`,
        ),
        manifestText,
        signature,
      };
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return undefined;
      throw error;
    }
  }

  /** The release that `make install` put here last: what `update` rolls out. {@link RefusedError} where there is none. */
  async current(): Promise<StoredRelease> {
    const version = await this.currentVersion();
    const release = version === undefined ? undefined : await this.find(version);
    if (release) return release;
    throw new RefusedError('this host holds no release to roll out', {
      hint: 'build and install one first: make build && sudo make install',
    });
  }

  async currentVersion(): Promise<string | undefined> {
    try {
      return basename(await readlink(this.#currentLink));
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return undefined;
      throw error;
    }
  }

  async versions(): Promise<string[]> {
    const names = await readdir(this.#releasesDir).catch(() => []);
    return names.filter((name) => !name.startsWith('.')).sort();
  }

  /** Size in bytes, unpacked, of every layer that some release here has, by diffID; what is damaged is left out. */
  async layerSizes(): Promise<ReadonlyMap<string, number>> {
    const sizes = new Map<string, number>();
    for (const version of await this.versions()) {
      const release = await this.find(version).catch(() => undefined);
      for (const { diff_id, size } of release?.manifest.image.layers ?? []) {
        if (!sizes.has(diff_id) && (await this.blobs.has(diff_id, 'zst'))) sizes.set(diff_id, size);
      }
    }
    return sizes;
  }

  /** Stores manifest and signature as one step; the blobs must be in {@link blobs} by then. */
  async save(manifest: Manifest, sign: (text: string) => Promise<string>): Promise<StoredRelease> {
    const manifestText = serializeManifest(manifest);
    const signature = await sign(manifestText);
    await mkdir(this.#releasesDir, { recursive: true, mode: 0o755 });
    const temporary = join(this.#releasesDir, `.${manifest.version}.new`);
    const final = join(this.#releasesDir, manifest.version);
    await rm(temporary, { recursive: true, force: true });
    await mkdir(temporary);
    await writeFileAtomic(join(temporary, MANIFEST_FILE), manifestText);
    await writeFileAtomic(join(temporary, SIGNATURE_FILE), signature);
    await rm(final, { recursive: true, force: true }); // only ever a "-dirty" one; see convocate install
    await rename(temporary, final);
    return { manifest, manifestText, signature };
  }

  /** For a stored release whose cluster has another signing key by now. */
  async replaceSignature(version: string, signature: string): Promise<void> {
    await writeFileAtomic(join(this.#releasesDir, version, SIGNATURE_FILE), signature);
  }

  /** Makes `version` the one that `update` rolls out, and by {@link installedAt} the newest. */
  async makeCurrent(version: string): Promise<void> {
    if ((await this.currentVersion()) !== version) {
      const now = new Date();
      await utimes(this.#manifestFile(version), now, now).catch(() => {}); // where it is gone, its use tells
    }
    const temporary = `${this.#currentLink}.new`;
    await rm(temporary, { force: true });
    await symlink(join('releases', version), temporary);
    await rename(temporary, this.#currentLink);
  }

  /** When it became current, in milliseconds since 1970; 0 where its manifest is gone. */
  async installedAt(version: string): Promise<number> {
    const found = await stat(this.#manifestFile(version)).catch(() => undefined);
    return found?.mtimeMs ?? 0;
  }

  /** Takes a release away; its blobs stay. */
  async remove(version: string): Promise<void> {
    await rm(join(this.#releasesDir, version), { recursive: true });
  }

  #manifestFile(version: string): string {
    return join(this.#releasesDir, version, MANIFEST_FILE);
  }

  /** Content of a program file of `manifest`; for the small ones. */
  async readFile(manifest: Manifest, path: string): Promise<Buffer> {
    return await this.blobs.read(fileOf(manifest, path).sha256, 'gz');
  }
}
