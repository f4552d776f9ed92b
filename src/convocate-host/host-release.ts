import { createHash } from 'node:crypto';
import { OperationError } from '../base/errors.ts';
import type { Host } from '../host-access/host.ts';
import { AGENT_HOST } from '../protocol/host-layout.ts';
import { MANIFEST_FILE, SIGNATURE_FILE, parseManifest } from '../release/manifest.ts';
import type { StoredRelease } from '../release/release-store.ts';
import { READ_RELEASE, scriptArgv } from './host-scripts.ts';

/** A release as an agent host holds it, with the small text files that it installs. */
export interface HostRelease extends StoredRelease {
  readonly manifestDigest: string;
  readFile(path: string): Promise<Buffer>;
}

/** Reads a release off the host, in one round trip: the shell host may have forgotten it. */
export async function readHostRelease(host: Host, version: string): Promise<HostRelease> {
  const directory = `${AGENT_HOST.releasesDir}/${version}`;
  const output = await host.check(scriptArgv(READ_RELEASE, directory));
  const files = new Map(output.split('\n').filter(Boolean).map(parseLine));
  const file = (path: string): Buffer => {
    const content = files.get(path);
    if (content) return content;
    throw new OperationError(`release ${version} on the host has no ${path}`, { host: host.name });
  };
  const manifest = file(MANIFEST_FILE);
  return {
    manifest: parseManifest(
      manifest.toString('utf8'),
      `${directory}/${MANIFEST_FILE}`,
      'run `convocate-host update` for that host',
    ),
    manifestText: manifest.toString('utf8'),
    signature: file(SIGNATURE_FILE).toString('utf8'),
    manifestDigest: createHash('sha256').update(manifest).digest('hex'),
    readFile: (path) => Promise.resolve(file(path)),
  };
}

function parseLine(line: string): [string, Buffer] {
  const [path = '', content = ''] = line.split(' ');
  return [path, Buffer.from(content, 'base64')];
}
