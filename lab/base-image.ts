// A Debian base image, made by debootstrap: there is no registry to pull one from.
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Docker } from './docker.ts';
import { exclusively } from './exclusive.ts';
import { runCommand } from './run-command.ts';
import { ensureTools } from './tools.ts';

export type Suite = 'bookworm' | 'trixie';

const workDirectory = '/var/lib/convocate-lab';
const mirror = 'http://deb.debian.org/debian';
const packages = ['ca-certificates'];
// A box whose clock is off, or a mirror frozen in time, would have apt refuse Debian's own lists.
const aptSettings = `Acquire::Check-Valid-Until "false";
Acquire::Check-Date "false";
Acquire::Languages "none";
APT::Install-Recommends "false";
`;
/** Raise it when the steps below change in a way that the values above do not show. */
const recipeVersion = 1;

function contentKey(suite: Suite): string {
  const inputs = JSON.stringify([recipeVersion, suite, mirror, packages, aptSettings]);
  return createHash('sha256').update(inputs).digest('hex').slice(0, 12);
}

/** The plain tag, for `--base-image` and Dockerfiles; always the newest recipe's. */
export function baseImageTag(suite: Suite): string {
  return `convocate-lab-base:${suite}`;
}

/** Makes the base when it is missing (about half a minute); answers the tag that names exactly this content. */
export async function ensureBaseImage(docker: Docker, suite: Suite): Promise<string> {
  const tag = `convocate-lab-base:${suite}-${contentKey(suite)}`;
  if (await docker.hasImage(tag)) return tag;
  return exclusively(`base-image/${suite}`, async () => {
    if (!(await docker.hasImage(tag))) await buildBaseImage(docker, suite, tag);
    await docker.run(['tag', tag, baseImageTag(suite)]);
    return tag;
  });
}

async function buildBaseImage(docker: Docker, suite: Suite, tag: string): Promise<void> {
  await ensureTools(['debootstrap', 'tar']);
  mkdirSync(workDirectory, { recursive: true });
  const root = mkdtempSync(join(workDirectory, `debootstrap-${suite}-`));
  try {
    const include = `--include=${packages.join(',')}`;
    await runCommand(['debootstrap', '--variant=minbase', include, suite, root, mirror], {
      env: { PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin`, DEBIAN_FRONTEND: 'noninteractive' },
    });
    writeFileSync(join(root, 'etc/apt/apt.conf.d/90lab'), aptSettings);
    // What only costs space, and what must not be shared by machines.
    for (const path of [
      'var/cache/apt/archives',
      'var/lib/apt/lists',
      'var/log/bootstrap.log',
      'etc/machine-id',
    ]) {
      rmSync(join(root, path), { recursive: true, force: true });
    }
    mkdirSync(join(root, 'var/cache/apt/archives/partial'), { recursive: true });
    mkdirSync(join(root, 'var/lib/apt/lists/partial'), { recursive: true });
    const changes = ['--change', 'CMD ["bash"]', '--change', `LABEL convocate.lab.image=base-${suite}`];
    const pack = ['tar', '--create', '--numeric-owner', '--one-file-system', `--directory=${root}`, '.'];
    await docker.pipeInto(pack, ['import', ...changes, '-', tag]);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}
