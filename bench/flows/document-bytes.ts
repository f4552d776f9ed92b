// The image's own documents travel among a release's small files; their share of what is sent belongs to the image.
import type { Machine } from '../../lab/machine.ts';

const documents = ['image/config.json', 'image/manifest.json'];

/** Bytes that the documents of a release's image take on the wire. */
export async function documentBytes(shell: Machine, version: string): Promise<number> {
  const state = '/var/lib/convocate';
  const manifest = JSON.parse(await shell.readFile(`${state}/releases/${version}/manifest.json`)) as {
    files: { path: string; sha256: string }[];
  };
  const blobs = manifest.files
    .filter(({ path }) => documents.includes(path))
    .map(({ sha256 }) => `${state}/blobs/${sha256}.gz`);
  const { stdout } = await shell.run(['stat', '--format=%s', ...blobs]);
  return stdout
    .trim()
    .split('\n')
    .reduce((sum, size) => sum + Number(size), 0);
}
