// A large layer on its way to an agent: cut off near its start, in its middle and near its end; damaged on the disk; as a
// patch against the one before it; all of them, where Docker has lost those that stayed home. What crossed the network is read from the agent's own network card.
import { createHash } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { openCluster } from '../../lab/cluster.ts';
import { openEngine } from '../../lab/engine.ts';
import type { Lab } from '../../lab/lab.ts';
import type { Machine } from '../../lab/machine.ts';
import { removeLab } from '../../lab/remove.ts';
import { buildTree } from '../../lab/trees.ts';
import { pollUntil } from '../../src/base/deadline.ts';
import { bigProgram, newBuildOf, noise } from './support/big-program.ts';
import { receivedBytes } from './support/measures.ts';
import { liveRelease, moveShellTo, wholly } from './support/releases.ts';
import {
  onlyEvent,
  type RolloutEvent,
  type RolloutRun,
  runUpdate,
  startUpdate,
  warningsOf,
} from './support/rollout-run.ts';

const labName = 'transfer-test';
const host = 'agent-a';
const mebibyte = 1024 ** 2;
const programBytes = 24 * mebibyte;
const staging = '/var/lib/convocate-agent/staging';
const version = (minor: number): string => `v2.${minor}.0-transfer`;

let lab: Lab;
let shell: Machine;
let agent: Machine;
/** Each release has a big program: 1 none, 2 and 3 one of their own, 4 a new build of that of 3; 5 a small one. */
const programs = [undefined, noise('second', programBytes), noise('third', programBytes)];
const trees: string[] = [];

beforeAll(async () => {
  await removeLab((await openEngine()).docker, labName);
  programs.push(newBuildOf(programs[2] ?? Buffer.alloc(0), 'a new build of the big program'));
  programs.push(noise('fifth', mebibyte));
  for (const [index, program] of programs.entries()) {
    const added = program && { [bigProgram]: program };
    trees.push(await buildTree({ version: version(index + 1), ...(added && { added }) }));
  }
  lab = await openCluster({ name: labName, agents: 1, tree: trees[0] ?? '' });
  shell = lab.shell;
  agent = lab.agent(0);
});

afterAll(() => lab?.close());

interface PlannedLayer {
  readonly what: string;
  readonly sha256: string;
  readonly packedBytes: number;
  readonly offset: number;
  readonly patch?: { readonly diffId: string };
  readonly why?: string;
}

/** The one layer that a dry run would send. */
async function plannedLayer(): Promise<PlannedLayer> {
  const plan = onlyEvent(await runUpdate(shell, host, '--dry-run'), 'plan');
  const [layer] = plan['layers'] as PlannedLayer[];
  if (!layer) throw new Error(`no layer to send: ${JSON.stringify(plan)}`);
  return layer;
}

const hasLanded =
  (share: number) =>
  (event: RolloutEvent): boolean =>
    event.event === 'transfer' &&
    String(event['what']).startsWith('image layer') &&
    Number(event['sent']) >= Number(event['total']) * share &&
    Number(event['sent']) < Number(event['total']);

/** Of the transfer; that this host has no session program is none of its business. */
const warnings = (run: RolloutRun): string[] =>
  warningsOf(run).filter((text) => !text.startsWith('session program'));
const notes = (run: RolloutRun): string[] =>
  run.events.filter(({ event }) => event === 'note').map((event) => String(event['text']));

/** The helper of an update that was killed hears of it by the end of its stdin, and leaves only what it is to keep. */
async function waitUntilHelperEnded(): Promise<void> {
  await pollUntil(
    async () =>
      (await agent.exec(['pgrep', '--full', 'mjs stage-imag[e]'])).exitCode === 1 ? true : undefined,
    { timeoutMs: 30_000, intervalMs: 100, what: 'the end of the helper' },
  );
}

/** Nothing of a transfer that was cut off but its part; and no container or image that nobody asked for. */
async function expectOnlyThePart(name: string): Promise<number> {
  const { stdout } = await agent.run(['find', staging, '-type', 'f', '-printf', '%f %s\n']);
  const [[file, size] = []] = stdout
    .trim()
    .split('\n')
    .map((line) => line.split(' '));
  expect(file).toBe(name);
  const images = await agent.run(['docker', 'images', '--format', '{{.Repository}}', 'convocate-staging']);
  const containers = await agent.run([
    'docker',
    'ps',
    '--all',
    '--quiet',
    '--filter',
    'label=convocate.proof',
  ]);
  expect([images.stdout, containers.stdout]).toEqual(['', '']);
  return Number(size);
}

/** A killed update's lock ends by itself within 20 s; until then the next one is refused, which changes nothing. */
async function whenUnlocked<T>(attempt: () => Promise<T | undefined>): Promise<T> {
  return await pollUntil(attempt, {
    timeoutMs: 40_000,
    intervalMs: 500,
    what: 'the end of the lock of a killed update',
  });
}

async function cutAt(share: number): Promise<void> {
  await whenUnlocked(async () => {
    const update = startUpdate(shell, host, 'root', '--bandwidth', '2M');
    const reached = await update.until(hasLanded(share)).catch((error: unknown) => {
      if (String(error).includes('another rollout is under way')) return undefined;
      throw error;
    });
    if (reached) await update.kill();
    return reached;
  });
  await waitUntilHelperEnded();
}

async function finish(): Promise<RolloutRun> {
  const run = await whenUnlocked(async () => {
    const attempt = await runUpdate(shell, host);
    return attempt.exitCode === 3 ? undefined : attempt;
  });
  expect(run).toMatchObject({ exitCode: 0, stderr: '' });
  return run;
}

afterEach(async () => {
  await waitUntilHelperEnded();
});

describe('cut off near its start, in its middle and near its end', () => {
  const shares = [0.01, 0.5, 0.97];
  let layer: PlannedLayer;
  let before: number;

  beforeAll(async () => {
    await moveShellTo(lab, trees[1] ?? '');
    layer = await plannedLayer();
    before = await receivedBytes(agent);
  });

  test.each(shares)('at %f, what landed is kept, and nothing else', async (share) => {
    await cutAt(share);
    const size = await expectOnlyThePart(`${layer.sha256}.zst.part`);
    expect(size).toBeGreaterThanOrEqual(layer.packedBytes * share);
    expect(size).toBeLessThan(layer.packedBytes);
    expect((await plannedLayer()).offset).toBe(size);
    expect(await liveRelease(agent)).toEqual(wholly(version(1)));
  });

  test('no more than 1 MiB is sent again for each cut', async () => {
    const run = await finish();
    expect(await liveRelease(agent)).toEqual(wholly(version(2)));
    const { sent_bytes } = onlyEvent(run, 'result');
    expect(sent_bytes).toBeLessThan(layer.packedBytes * 0.03 + mebibyte);
    // All that came in over the network meanwhile, with the frames, the handshakes and the facts of seven logins.
    const received = (await receivedBytes(agent)) - before;
    expect(received).toBeLessThan(layer.packedBytes * 1.02 + shares.length * mebibyte);
    expect((await agent.exec(['ls', staging])).stdout).toBe('');
  });
});

describe('with a byte that was flipped on the disk', () => {
  let layer: PlannedLayer;
  beforeAll(async () => {
    await moveShellTo(lab, trees[2] ?? '');
    layer = await plannedLayer();
    expect(layer.why).toMatch(/^sent whole: a patch against the layer of .* would be hardly smaller$/);
  });

  test('the damage is found, and the layer alone is sent again in the same run', async () => {
    await cutAt(0.4);
    const part = `${staging}/${layer.sha256}.zst.part`;
    const landed = await expectOnlyThePart(`${layer.sha256}.zst.part`);
    const flip =
      'byte=$(od -An -tu1 -j "$2" -N1 "$1"); printf "\\\\$(printf %o $((byte ^ 1)))" | dd of="$1" bs=1 seek="$2" conv=notrunc status=none';
    await agent.run(['sh', '-c', flip, 'flip', part, String(mebibyte)]);
    const run = await finish();
    expect(warnings(run)).toEqual([
      expect.stringMatching(
        /^image layer \d of \d arrived damaged, or lay damaged on the host \(.+\); it alone is sent again$/,
      ),
    ]);
    expect(onlyEvent(run, 'result')['sent_bytes']).toBe(layer.packedBytes - landed + layer.packedBytes);
    expect(await liveRelease(agent)).toEqual(wholly(version(3)));
  });
});

describe('as a new build of a big program', () => {
  let layer: PlannedLayer;
  beforeAll(async () => {
    await moveShellTo(lab, trees[3] ?? '');
    layer = await plannedLayer();
  });

  test('it is planned as a patch, to the byte, and the host is not touched for that', async () => {
    expect(layer.patch?.diffId).toMatch(/^[0-9a-f]{64}$/);
    expect(layer.why).toMatch(
      new RegExp(`^sent as a patch against the layer of ${version(3)} \\(.+ instead of 25.* MB\\)$`),
    );
    expect(layer.packedBytes).toBeLessThan(mebibyte);
    expect((await agent.exec(['ls', staging])).stdout).toBe('');
  });

  test('the patch is what travels, and the image is the one that was built', async () => {
    const before = await receivedBytes(agent);
    const run = await finish();
    expect(notes(run)).toContain(`${layer.what}: ${layer.why}`);
    expect(warnings(run)).toEqual([]);
    expect((await receivedBytes(agent)) - before).toBeLessThan(3 * mebibyte);
    expect(await liveRelease(agent)).toEqual(wholly(version(4)));
    const path = `/${bigProgram.replace('image/rootfs/', '')}`;
    const tag = `convocate:${version(4)}`;
    const argv = ['docker', 'run', '--rm', '--network', 'none', '--entrypoint', 'sha256sum', tag, path];
    const digest = createHash('sha256')
      .update(programs[3] ?? '')
      .digest('hex');
    expect((await agent.run(argv)).stdout).toBe(`${digest}  ${path}\n`);
  });
});

describe('with layers that were to stay home, and that Docker loses meanwhile', () => {
  beforeAll(() => moveShellTo(lab, trees[4] ?? ''));

  test('all layers are sent in the same run, and the image is whole', async () => {
    await agent.limitBandwidth('2mbit'); // so that the loss falls between the look at the host and the image
    const update = startUpdate(shell, host, 'root');
    await update.until(({ event, title }) => event === 'step' && title === 'staging the program');
    const { stdout } = await agent.run(['docker', 'images', '--format', '{{.Repository}}:{{.Tag}}']);
    const tags = stdout.split('\n').filter((tag) => tag.startsWith('convocate:'));
    await agent.run(['docker', 'image', 'rm', '--force', ...tags]);
    await agent.unlimit();
    const run = await update.ended;
    expect(run).toMatchObject({ exitCode: 0 });
    expect(notes(run)).toContainEqual(expect.stringMatching(/layers are there already and stay home/));
    expect(warnings(run)).toContainEqual(
      expect.stringMatching(/^Docker made no image of these layers and its own \(.+\); all layers are sent$/),
    );
    expect(await liveRelease(agent)).toEqual(wholly(version(5)));
    const prove = ['/usr/local/lib/convocate/current/convocate-agent', 'prove'];
    expect((await agent.exec(prove)).exitCode).toBe(0);
  });
});
