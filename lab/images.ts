// The machine image of each kind, keyed by a hash of everything that goes into it.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ensureBaseImage, type Suite } from './base-image.ts';
import type { Docker } from './docker.ts';
import { exclusively } from './exclusive.ts';

/**
 * bookworm: Docker 20.10 with the graph-driver image store. trixie: Docker 26.1 with the containerd image store.
 * The two stores fail in different ways (docs: docker-facts), so image tests need both.
 */
export type MachineKind = 'bookworm' | 'trixie';

export interface MachineImage {
  readonly tag: string;
  /** Directories of the machine that need a real file system under them, not the image's overlay. */
  readonly volumes: readonly string[];
  readonly dockerFeatures: Readonly<Record<string, boolean>>;
}

interface Recipe {
  readonly suite: Suite;
  readonly extraPackages: string;
  readonly volumes: readonly string[];
  readonly dockerFeatures: Readonly<Record<string, boolean>>;
}

const recipes: Readonly<Record<MachineKind, Recipe>> = {
  bookworm: { suite: 'bookworm', extraPackages: '', volumes: ['/var/lib/docker'], dockerFeatures: {} },
  trixie: {
    suite: 'trixie',
    // Split out of docker.io there.
    extraPackages: 'docker-cli',
    volumes: ['/var/lib/docker', '/var/lib/containerd'],
    dockerFeatures: { 'containerd-snapshotter': true },
  },
};

const contextDirectory = join(import.meta.dirname, 'machine');

function contentKey(baseTag: string, recipe: Recipe): string {
  const hash = createHash('sha256').update(JSON.stringify([baseTag, recipe.extraPackages]));
  for (const name of readdirSync(contextDirectory).toSorted()) {
    hash.update(`${name}\0`).update(readFileSync(join(contextDirectory, name)));
  }
  return hash.digest('hex').slice(0, 12);
}

/** Builds what is missing: nothing on most runs, about a minute and a half on a box's first. */
export async function ensureMachineImage(docker: Docker, kind: MachineKind): Promise<MachineImage> {
  const recipe = recipes[kind];
  const baseTag = await ensureBaseImage(docker, recipe.suite);
  const tag = `convocate-lab-machine:${kind}-${contentKey(baseTag, recipe)}`;
  if (!(await docker.hasImage(tag))) {
    await exclusively(`machine-image/${kind}`, async () => {
      if (await docker.hasImage(tag)) return;
      await docker.run([
        'build',
        '--quiet',
        // A build container of a private engine may have no way to a resolver; the box's own network has.
        '--network=host',
        `--build-arg=BASE=${baseTag}`,
        `--build-arg=EXTRA_PACKAGES=${recipe.extraPackages}`,
        `--label=convocate.lab.image=machine-${kind}`,
        `--tag=${tag}`,
        contextDirectory,
      ]);
    });
  }
  return { tag, volumes: recipe.volumes, dockerFeatures: recipe.dockerFeatures };
}
