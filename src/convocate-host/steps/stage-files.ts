import { Readable } from 'node:stream';
import { OperationError, RefusedError } from '../../base/errors.ts';
import type { CommandResult } from '../../base/run-command.ts';
import { AGENT_HOST } from '../../protocol/host-layout.ts';
import { SEND_AGAIN_EXIT } from '../../protocol/layer-transfer.ts';
import { RECEIVE_BLOB, scriptArgv } from '../host-scripts.ts';
import { inPieces } from '../flow-control.ts';
import { LARGE_BYTES } from '../plan.ts';
import type { PlannedBlob } from '../plan-types.ts';
import { packRelease } from '../release-bundle.ts';
import { UNPACK_RELEASE } from '../release-scripts.ts';
import { type Rollout, type Step, need } from '../rollout.ts';
import { sendBlobs, transferError } from '../send-blob.ts';

const UNPACK_MS = 120_000;
/** What UNPACK_RELEASE ends with where the release is not the cluster's own. */
const REFUSED_EXIT = 3;

/**
 * Puts the release's program and its files beside the live release, without effect (decisions 1, 7). The host proves
 * all of them before any runs (decision 5); what turns out to be damaged there is sent as well, in the same run.
 */
export const stageFiles: Step = {
  title: 'staging the program',
  isDone: (rollout) => !need(rollout, 'plan').stageRelease,
  run: async (rollout) => {
    const { largeFiles, smallFiles } = need(rollout, 'plan');
    const damaged = await send(rollout, largeFiles, smallFiles);
    if (damaged.length === 0) return;
    const names = damaged.map(({ what }) => what);
    rollout.reporter.warn(`${names.join(', ')} lay damaged on the host, or went away; sent anew`);
    rollout.mended = [...new Set([...(rollout.mended ?? []), ...names])];
    const isLarge = ({ packedBytes }: PlannedBlob): boolean => packedBytes > LARGE_BYTES;
    const still = await send(
      rollout,
      damaged.filter(isLarge),
      damaged.filter((blob) => !isLarge(blob)),
    );
    if (still.length === 0) return;
    throw new OperationError('files of the release are damaged on the host although they were just sent', {
      host: rollout.hostName,
      output: still.map(({ what }) => what).join('\n'),
      hint: 'see whether its disk or its memory fails (journalctl -k); nothing was activated',
    });
  },
};

/** Sends these and has the release put together; gives what else has to be sent for that. */
async function send(
  rollout: Rollout,
  largeFiles: readonly PlannedBlob[],
  smallFiles: readonly PlannedBlob[],
): Promise<readonly PlannedBlob[]> {
  for (const blob of largeFiles) await sendLargeFile(rollout, blob);
  return await sendRelease(rollout, smallFiles);
}

/** What arrives damaged is sent once more; a second time is no accident. */
async function sendLargeFile(rollout: Rollout, blob: PlannedBlob, isSecond = false): Promise<void> {
  const { what, sha256, offset, packedBytes } = blob;
  const argv = scriptArgv(RECEIVE_BLOB, AGENT_HOST.blobsDir, sha256, String(offset), String(packedBytes));
  const open = (): Readable => rollout.store.blobs.openPacked(sha256, 'gz', offset);
  const { result } = await sendBlobs(rollout, [{ what, offset, packedBytes, open }], argv);
  if (result.exitCode === 0) return;
  if (result.exitCode !== SEND_AGAIN_EXIT)
    throw transferError(rollout, `${what} could not be sent`, argv, result);
  if (isSecond) {
    await rollout.store.blobs.expectWhole(sha256, 'gz'); // else no host ever gets it, however often it is sent
    throw transferError(rollout, `${what} arrived damaged twice`, argv, result);
  }
  rollout.reporter.warn(`${what} arrived damaged, or lay damaged on the host; it is sent again`);
  await sendLargeFile(rollout, { ...blob, offset: 0 }, true);
}

/** The signed manifest, and every small blob that was missing, in one go; gives what is damaged on the host of the rest. */
async function sendRelease(
  rollout: Rollout,
  smallFiles: readonly PlannedBlob[],
): Promise<readonly PlannedBlob[]> {
  const { version } = need(rollout, 'plan');
  const host = need(rollout, 'host');
  const archive = await packRelease(rollout.store, need(rollout, 'release'), smallFiles);
  const argv = scriptArgv(UNPACK_RELEASE, AGENT_HOST.libDir, version, AGENT_HOST.allowedSignersFile);
  const { bandwidth } = rollout.options;
  const sendingMs = bandwidth === undefined ? 0 : (archive.length * 1000) / bandwidth;
  const input = Readable.from(inPieces([archive], bandwidth), { objectMode: false });
  const result = await host.run(argv, { input, timeoutMs: UNPACK_MS + sendingMs });
  const isAsking = result.exitCode === SEND_AGAIN_EXIT;
  const damaged = isAsking ? await planAnew(rollout, result.stdout.trim().split('\n')) : [];
  if (result.exitCode !== 0 && damaged.length === 0) throw notTaken(rollout, argv, result);
  rollout.sentBytes += archive.length;
  rollout.reporter.transfer(`the release (${smallFiles.length} small files)`, archive.length, archive.length);
  return damaged;
}

function notTaken(rollout: Rollout, argv: readonly string[], result: CommandResult): Error {
  const { version } = need(rollout, 'plan');
  const details = { host: rollout.hostName, argv, exitCode: result.exitCode, output: result.stderr };
  if (result.exitCode !== REFUSED_EXIT) {
    return new OperationError('the release could not be put together on the host', {
      ...details,
      hint: 'run the same command again; nothing was activated',
    });
  }
  return new RefusedError(`the host refused release ${version}; nothing of it was run there`, {
    ...details,
    hint:
      `it takes what the key in its ${AGENT_HOST.allowedSignersFile} signed: build and install the release again ` +
      `(make build && sudo make install), or where that file is gone, run init-agent for the host`,
  });
}

/** Blobs of the release, named by one of their paths, as they travel where nothing of them is on the host. */
async function planAnew(rollout: Rollout, paths: readonly string[]): Promise<readonly PlannedBlob[]> {
  const { files } = need(rollout, 'release').manifest;
  const named = new Map(
    files.filter(({ path }) => paths.includes(path)).map(({ path, sha256 }) => [sha256, path]),
  );
  const { blobs } = rollout.store;
  return await Promise.all(
    [...named].map(async ([sha256, what]) => {
      return { what, sha256, packedBytes: await blobs.packedSize(sha256, 'gz'), offset: 0 };
    }),
  );
}
