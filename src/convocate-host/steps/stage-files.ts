import { OperationError } from '../../base/errors.ts';
import { AGENT_HOST } from '../../protocol/host-layout.ts';
import { RECEIVE_BLOB, UNPACK_RELEASE, scriptArgv } from '../host-scripts.ts';
import { packRelease } from '../release-bundle.ts';
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
  const { smallFiles, version } = need(rollout, 'plan');
  const host = need(rollout, 'host');
  const archive = await packRelease(rollout.store, need(rollout, 'release'), smallFiles);
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
