import { RefusedError } from '../../base/errors.ts';
import { HOST_FILES, renderHostFiles } from '../../release/host-files.ts';
import { type HostFacts, gatherFacts } from '../facts.ts';
import { type HostRelease, readHostRelease } from '../host-release.ts';
import { PLAN_PATHS } from '../plan-paths.ts';
import type { Plan } from '../plan-types.ts';
import { planRollback } from '../plan-rollback.ts';
import { type Rollout, type Step, need } from '../rollout.ts';
import { stagedProgram } from '../staged-program.ts';
import { lookAtStatusLink } from './status-link.ts';

/** Finds the release to go back to on the host itself, and decides from the host alone what will be done. */
export function chooseRelease(to: string | undefined): Step {
  let left: string | undefined;
  return {
    title: 'looking at the host',
    run: async (rollout) => {
      const host = need(rollout, 'host');
      const paths = HOST_FILES.map((file) => file.to);
      const facts = await gatherFacts(host, paths);
      // Of a rollout that is still open, the release before is the one it leaves, however it ends.
      left ??= facts.openRollout?.from;
      const version = to ?? left ?? facts.previousVersion;
      if (version === undefined || !facts.releases.has(version)) throw notThere(rollout, facts, version);
      const release = await readHostRelease(host, version);
      rollout.facts = facts;
      rollout.release = release;
      rollout.plan = await makePlan(release, facts);
      rollout.statusLinkBefore = await lookAtStatusLink(need(rollout, 'record').agentId);
    },
  };
}

/** The host proves the release it would go back to before it leaves the one it has. */
export const proveRelease: Step = {
  title: 'proving the release to go back to: signature, every file, the image',
  isDone: ({ plan }) => plan?.fromVersion === plan?.version,
  run: async (rollout) => {
    const { version } = need(rollout, 'plan');
    const host = need(rollout, 'host');
    const argv = stagedProgram(version, 'prove');
    const result = await host.run(argv, { timeoutMs: 120_000 });
    if (result.exitCode === 0) return;
    throw new RefusedError(`release ${version} is not whole on this host; nothing was changed`, {
      host: host.name,
      argv,
      exitCode: result.exitCode,
      output: result.stderr,
      hint: `name another release with --to (see \`convocate-host releases --host ${host.name}\`), or roll one out with \`update\``,
    });
  },
};

function notThere({ hostName }: Rollout, facts: HostFacts, version: string | undefined): RefusedError {
  const held = [...facts.releases.keys()].toSorted().join(', ') || 'none';
  const what = version === undefined ? 'no earlier release is noted' : `no release ${version} is`;
  return new RefusedError(`${what} on this host; nothing was changed`, {
    host: hostName,
    output: `it holds: ${held}`,
    hint: 'name one that it holds with --to, or install the version you want here and run `update`',
  });
}

async function makePlan(release: HostRelease, facts: HostFacts): Promise<Plan> {
  const { manifest, manifestDigest } = release;
  return planRollback({
    facts,
    manifest,
    manifestDigest,
    hostFiles: await renderHostFiles(manifest, (_manifest, path) => release.readFile(path), facts),
    paths: PLAN_PATHS,
  });
}
