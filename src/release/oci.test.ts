import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { dockerManifest, ociIndex, ociManifest } from './oci.ts';

const sha256 = (text: string | Buffer): string => createHash('sha256').update(text).digest('hex');
const CONFIG = Buffer.from('{"architecture":"amd64"}');
const [ONE, TWO] = ['1'.repeat(64), '2'.repeat(64)];

test('the OCI manifest has these very bytes: its digest is the id of the image in the containerd store', () => {
  const manifest = ociManifest(CONFIG, [
    { diff_id: ONE, size: 10 },
    { diff_id: TWO, size: 2048 },
  ]);
  expect(manifest.toString()).toBe(
    '{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json",' +
      '"config":{"mediaType":"application/vnd.oci.image.config.v1+json",' +
      `"digest":"sha256:${sha256(CONFIG)}","size":24},` +
      `"layers":[{"mediaType":"application/vnd.oci.image.layer.v1.tar","digest":"sha256:${ONE}","size":10},` +
      `{"mediaType":"application/vnd.oci.image.layer.v1.tar","digest":"sha256:${TWO}","size":2048}]}`,
  );
  expect(sha256(manifest)).toBe('2accabb9f9f45a8e2b699a339fa660c6f0aa530ce32dcce043ec68adae2afe5b');
});

test('the same config in other bytes is another image', () => {
  const layers = [{ diff_id: ONE, size: 10 }];
  expect(ociManifest(Buffer.from('{ "architecture":"amd64"}'), layers)).not.toEqual(
    ociManifest(CONFIG, layers),
  );
});

test('the index names the manifest and the tag, in the forms containerd and others read', () => {
  const manifest = Buffer.from('{}');
  expect(JSON.parse(ociIndex(manifest, 'convocate-staging:v1'))).toEqual({
    schemaVersion: 2,
    manifests: [
      {
        mediaType: 'application/vnd.oci.image.manifest.v1+json',
        digest: `sha256:${sha256('{}')}`,
        size: 2,
        annotations: {
          'io.containerd.image.name': 'docker.io/library/convocate-staging:v1',
          'org.opencontainers.image.ref.name': 'v1',
        },
      },
    ],
  });
});

test("Docker's own manifest names the same blobs", () => {
  expect(JSON.parse(dockerManifest(ONE, [TWO, TWO], 'convocate:v1'))).toEqual([
    {
      Config: `blobs/sha256/${ONE}`,
      RepoTags: ['convocate:v1'],
      Layers: [`blobs/sha256/${TWO}`, `blobs/sha256/${TWO}`],
    },
  ]);
});
