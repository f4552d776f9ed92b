import type { ExpectedCall } from '../host-access/fake-host.ts';
import { HOST_FILES_INDEX } from '../release/host-files.ts';
import { type Manifest, MANIFEST_FILE, SIGNATURE_FILE, serializeManifest } from '../release/manifest.ts';
import { READ_RELEASE, scriptArgv } from './host-scripts.ts';
import { manifest } from './plan-fixture.ts';

export const manifestOf = (version: string): Manifest => ({
  ...manifest,
  version,
  image: { ...manifest.image, tag: `convocate:${version}` },
});

/** The small texts of a release that an agent host holds. */
export const textsOf = (version: string): Record<string, string> => ({
  [MANIFEST_FILE]: serializeManifest(manifestOf(version)),
  [SIGNATURE_FILE]: 'signature\n',
  [HOST_FILES_INDEX]: '[]',
});

/** The host is asked for that release, and gives these texts. */
export const readingRelease = (version: string, texts = textsOf(version)): ExpectedCall => ({
  argv: scriptArgv(READ_RELEASE, `/usr/local/lib/convocate/releases/${version}`),
  answer: {
    stdout: Object.entries(texts)
      .map(([path, text]) => `${path} ${Buffer.from(text).toString('base64')}\n`)
      .join(''),
  },
});
