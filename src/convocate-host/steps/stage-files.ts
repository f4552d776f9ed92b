import { Readable } from 'node:stream';
import { OperationError } from '../../base/errors.ts';
import { AGENT_HOST } from '../../protocol/host-layout.ts';
import { SEND_AGAIN_EXIT } from '../../protocol/layer-transfer.ts';
import { RECEIVE_BLOB, UNPACK_RELEASE, scriptArgv } from '../host-scripts.ts';
import { inPieces } from '../flow-control.ts';
import type { PlannedBlob } from '../plan-types.ts';
import { packRelease } from '../release-bundle.ts';
import { type Rollout, type Step, need } from '../rollout.ts';
import { sendBlobs, transferError } from '../send-blob.ts';

const UNPACK_MS = 120_000;

/** Puts the release's program and its files beside the live release, without effect (decisions D3, D4). */
export const stageFiles: Step = {
  title: 'staging the program',
  isDone: (rollout) => !need(rollout, 'plan').stageRelease,
  run: async (rollout) => {
    const plan = need(rollout, 'plan');
    for (const blob of plan.largeFiles) await sendLargeFile(rollout, blob);
    await sendRelease(rollout);
  },
};

/** What arrives damaged is sent once more; a second time is no accident. */
async function sendLargeFile(rollout: Rollout, blob: PlannedBlob, isSecond = false): Promise<void> {
  const { what, sha256, offset, packedBytes } = blob;
  const argv = scriptArgv(RECEIVE_BLOB, AGENT_HOST.blobsDir, sha256, String(offset), String(packedBytes));
  const open = (): Readable => rollout.store.blobs.openPacked(sha256, 'gz', offset);
  const { result } = await sendBlobs(rollout, [{ what, offset, packedBytes, open }], argv);
  if (result.exitCode === 0) return;
  if (result.exitCode !== SEND_AGAIN_EXIT)
    throw transferError(rollout, `${what} could not be sent`, argv, result);
  if (isSecond) throw transferError(rollout, `${what} arrived damaged twice`, argv, result);
  rollout.reporter.warn(`${what} arrived damaged, or lay damaged on the host; it is sent again`);
  await sendLargeFile(rollout, { ...blob, offset: 0 }, true);
}

/** The signed manifest, the list of files, and every small blob that was missing, in one go. */
async function sendRelease(rollout: Rollout): Promise<void> {
  const { smallFiles, version } = need(rollout, 'plan');
  const host = need(rollout, 'host');
  const archive = await packRelease(rollout.store, need(rollout, 'release'), smallFiles);
  const argv = scriptArgv(UNPACK_RELEASE, AGENT_HOST.libDir, version);
  const { bandwidth } = rollout.options;
  const sendingMs = bandwidth === undefined ? 0 : (archive.length * 1000) / bandwidth;
  const input = Readable.from(inPieces([archive], bandwidth), { objectMode: false });
  const result = await host.run(argv, { input, timeoutMs: UNPACK_MS + sendingMs });
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
