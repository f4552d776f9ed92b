import { AGENT_HOST } from '../../protocol/host-layout.ts';
import { HOST_FILES_INDEX } from '../../release/host-files.ts';
import { type Manifest, MANIFEST_FILE, serializeManifest } from '../../release/manifest.ts';

const digest = (letter: string): string => letter.repeat(64);

/** A release's small files by their paths, with a unit that is its own; no release is signed, and none has a program. */
export function fakeRelease(version: string): Record<string, string> {
  const manifest: Manifest = {
    format: 1,
    version,
    git_revision: 'x',
    protocol: { min: 1, max: 1 },
    requires: { machine: 'x86_64', glibc: '2.28' },
    inputs_digest: digest('0'),
    files: [],
    image: {
      tag: `convocate:${version}`,
      config_digest: digest('c'),
      manifest_digest: digest('d'),
      layers: [{ diff_id: digest('1'), size: 1 }],
      base: '',
      toolchain: '',
    },
  };
  const from = `install/${AGENT_HOST.unit}`;
  const unit = { from, to: `/etc/systemd/system/${AGENT_HOST.unit}`, mode: 0o644, systemd: true };
  return {
    [MANIFEST_FILE]: serializeManifest(manifest),
    [HOST_FILES_INDEX]: JSON.stringify([unit]),
    [from]: `[Unit]\nDescription=${version}\n`,
  };
}
