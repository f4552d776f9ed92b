import { gzipSync } from 'node:zlib';
import { pack } from 'tar-stream';
import { OperationError } from '../../base/errors.ts';
import { AGENT_HOST } from '../../protocol/host-layout.ts';
import { MANIFEST_FILE, SIGNATURE_FILE } from '../../release/manifest.ts';
import { RECEIVE_BLOB, UNPACK_RELEASE, scriptArgv } from '../host-scripts.ts';
import { type Rollout, type Step, need } from '../rollout.ts';
import { sendBlob } from '../send-blob.ts';

/** Puts the release's program and its files beside the live release, without effect (decisions D3, D4). */
export const stageFiles: Step = {
  title: 'staging the program',
  isDone: (rollout) => !need(rollout, 'plan').stageRelease,
  run: async (rollout) => {
    const plan = need(rollout, 'plan');
    for (const blob of plan.largeFiles) {
      const sizes = [blob.offset, blob.packedBytes].map(String);
      const argv = scriptArgv(RECEIVE_BLOB, AGENT_HOST.blobsDir, blob.sha256, ...sizes);
      await sendBlob(rollout, blob, 'gz', argv);
    }
    await sendRelease(rollout);
  },
};

/** The signed manifest, the list of files, and every small blob that was missing, in one go. */
async function sendRelease(rollout: Rollout): Promise<void> {
  const { manifest, manifestText, signature } = rollout.release;
  const { smallFiles, version } = need(rollout, 'plan');
  const host = need(rollout, 'host');
  const files = manifest.files.map(
    (file) => `${file.sha256} ${file.executable ? '755' : '644'} ${file.path}\n`,
  );
  const entries: [string, string | Buffer][] = [
    [MANIFEST_FILE, manifestText],
    [SIGNATURE_FILE, signature],
    ['files', files.join('')],
  ];
  for (const blob of smallFiles) {
    entries.push([`blobs/${blob.sha256}`, await rollout.store.blobs.read(blob.sha256, 'gz')]);
  }
  const archive = gzipSync(await tarOf(entries));
  const argv = scriptArgv(UNPACK_RELEASE, AGENT_HOST.libDir, version);
  const result = await host.run(argv, { input: archive, timeoutMs: 120_000 });
  if (result.exitCode !== 0) {
    throw new OperationError('the release could not be put together on the host', {
      host: host.name,
      argv,
      exitCode: result.exitCode,
      output: result.stderr,
      hint: 'run the same command again; nothing was activated',
    });
  }
  rollout.sentBytes += archive.length;
  rollout.reporter.transfer(`the release (${smallFiles.length} small files)`, archive.length, archive.length);
}

async function tarOf(entries: readonly (readonly [string, string | Buffer])[]): Promise<Buffer> {
  const tar = pack();
  for (const [name, content] of entries) tar.entry({ name, mtime: new Date(0) }, content);
  tar.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of tar as unknown as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}
