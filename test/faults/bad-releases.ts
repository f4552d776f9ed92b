import type { Breakage } from '../e2e/support/bad-releases.ts';
import type { Cell, Row } from './matrix.ts';
import type { Site } from './site.ts';

/** A release that must not be confirmed: built broken, or a good one that the shell's store no longer holds whole. */
export interface BadRelease extends Row {
  readonly breakage?: Breakage;
  /** Harms what the shell stores of `version`; gives what undoes that. */
  damage?(site: Site, version: string): Promise<() => Promise<void>>;
  /** Of those that look well for a while. */
  readonly words?: readonly string[];
}

const built = (name: string, breakage: Breakage, words?: readonly string[]): BadRelease => ({
  name,
  breakage,
  ...(words && { words }),
});

/** What a host goes back from in the cells that are about going back. */
export const RETURNS_FROM: Breakage = 'exits at its start';

/** The builds that these cells roll out. */
export function breakagesOf(cells: readonly Cell[]): Breakage[] {
  const rows = new Set(cells.map(({ row }) => row));
  const built = BAD_RELEASES.filter(({ name }) => rows.has(name)).flatMap(({ breakage }) => breakage ?? []);
  const returns = cells.some(({ verb }) => verb === 'return') ? [RETURNS_FROM] : [];
  return [...new Set([...built, ...returns])];
}

/** What harms the file "$1" in place. */
const HARM = {
  missing: 'rm "$1"',
  truncated: 'truncate -s $(($(stat -c %s "$1") / 2)) "$1"',
  flipped:
    'dd if=/dev/urandom of="$1" bs=16 seek=$(($(stat -c %s "$1") / 32)) count=1 conv=notrunc status=none',
  changed: `sed -i 's/"toolchain": "minimal"/"toolchain": "maximal"/' "$1"`,
} as const;

type Part = 'layer' | 'program' | 'manifest';

const harmed = (name: string, part: Part, harm: keyof typeof HARM): BadRelease => ({
  name,
  damage: async (site, version) => {
    const { shell } = site;
    const file = await fileOf(site, version, part);
    await shell.run(['cp', '--preserve=all', file, `${file}.whole`]);
    await shell.run(['sh', '-c', HARM[harm], 'sh', file]);
    return async () => {
      await shell.run(['mv', `${file}.whole`, file]);
    };
  },
});

export const BAD_RELEASES: readonly BadRelease[] = [
  built('release-exits', 'exits at its start'),
  built('release-hangs', 'hangs at its start'),
  built('release-ends-later', 'ends after a while', ['--soak', '30s', '--confirm-timeout', '60s']),
  built('release-wrong-version', 'answers with another version'),
  built('release-no-status-link', 'does not find its shell host'),
  built('release-no-session', 'cannot start a session'),
  harmed('layer-missing', 'layer', 'missing'),
  harmed('layer-truncated', 'layer', 'truncated'),
  harmed('layer-flipped', 'layer', 'flipped'),
  harmed('program-truncated', 'program', 'truncated'),
  harmed('program-flipped', 'program', 'flipped'),
  harmed('manifest-forged', 'manifest', 'changed'),
];

interface ManifestParts {
  readonly files: readonly { readonly path: string; readonly sha256: string }[];
  readonly image: { readonly layers: readonly { readonly diff_id: string }[] };
}

/** The part of the release that no other release shares. */
async function fileOf({ shell }: Site, version: string, part: Part): Promise<string> {
  const store = '/var/lib/convocate';
  const manifest = `${store}/releases/${version}/manifest.json`;
  if (part === 'manifest') return manifest;
  const { files, image } = JSON.parse(await shell.readFile(manifest)) as ManifestParts;
  if (part === 'layer') return `${store}/blobs/${image.layers.at(-1)?.diff_id}.zst`;
  const program = files.find(({ path }) => path === 'lib/convocate-agent.mjs');
  return `${store}/blobs/${program?.sha256}.gz`;
}
