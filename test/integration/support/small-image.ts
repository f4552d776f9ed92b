// Images of a few kilobytes, put together here byte by byte: their digests are known before any Docker sees them.
import { createHash, randomBytes } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { pack } from 'tar-stream';
import type { ReleaseImage } from '../../../src/release/manifest.ts';
import { ociManifest } from '../../../src/release/oci.ts';

export interface SmallImage {
  readonly image: ReleaseImage;
  readonly config: Buffer;
  readonly manifest: Buffer;
  /** The layers themselves, from the base up. */
  readonly layers: readonly Buffer[];
}

const sha256 = (content: Buffer): string => createHash('sha256').update(content).digest('hex');

/** A layer with a content that no image had before. */
export async function uniqueLayer(name: string, bytes = 4000): Promise<Buffer> {
  return await tarOf([[`${name}.txt`, randomBytes(bytes / 2).toString('hex'), 0o644]]);
}

/** A layer with the program that says whether an image is fit for a session; this one ends with `exitCode`. */
export async function checkLayer(exitCode: number): Promise<Buffer> {
  return await tarOf([
    ['usr/local/lib/convocate-session/check', exitProgram(exitCode), 0o755],
    ['unique.txt', randomBytes(20).toString('hex'), 0o644],
  ]);
}

export function smallImage(version: string, layers: readonly Buffer[]): SmallImage {
  const described = layers.map((layer) => ({ diff_id: sha256(layer), size: layer.length }));
  const config = Buffer.from(
    JSON.stringify({
      architecture: 'amd64',
      os: 'linux',
      config: { Cmd: ['/usr/local/lib/convocate-session/check'] },
      rootfs: { type: 'layers', diff_ids: described.map(({ diff_id }) => `sha256:${diff_id}`) },
      history: layers.map((_layer, index) => ({
        created: '2026-01-01T00:00:00Z',
        created_by: `layer ${index}`,
      })),
    }),
  );
  const manifest = ociManifest(config, described);
  return {
    image: {
      tag: `convocate:${version}`,
      config_digest: sha256(config),
      manifest_digest: sha256(manifest),
      layers: described,
      base: 'scratch',
      toolchain: 'none',
    },
    config,
    manifest,
    layers,
  };
}

/** The smallest program there is: an x86-64 ELF whose only act is exit(2). It needs no library, so no base image. */
function exitProgram(exitCode: number): Buffer {
  const code = Buffer.from([0xb8, 60, 0, 0, 0, 0xbf, exitCode, 0, 0, 0, 0x0f, 0x05]);
  const [base, headers] = [0x400000n, 120];
  const header = Buffer.alloc(headers);
  header.write('\x7fELF\x02\x01\x01', 'latin1');
  header.writeUInt16LE(2, 16); // an executable
  header.writeUInt16LE(62, 18); // for x86-64
  header.writeUInt32LE(1, 20);
  header.writeBigUInt64LE(base + BigInt(headers), 24); // where it starts
  header.writeBigUInt64LE(64n, 32); // where its one program header lies
  header.writeUInt16LE(64, 52);
  header.writeUInt16LE(56, 54);
  header.writeUInt16LE(1, 56);
  header.writeUInt32LE(1, 64); // loaded
  header.writeUInt32LE(5, 68); // readable, executable
  header.writeBigUInt64LE(base, 80);
  header.writeBigUInt64LE(base, 88);
  header.writeBigUInt64LE(BigInt(headers + code.length), 96);
  header.writeBigUInt64LE(BigInt(headers + code.length), 104);
  header.writeBigUInt64LE(0x1000n, 112);
  return Buffer.concat([header, code]);
}

async function tarOf(files: readonly (readonly [string, string | Buffer, number])[]): Promise<Buffer> {
  const tar = pack();
  for (const [name, content, mode] of files) tar.entry({ name, mode, mtime: new Date(0) }, content);
  tar.finalize();
  return await buffer(tar);
}
