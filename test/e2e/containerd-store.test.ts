import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { installTree } from '../../lab/cluster.ts';
import type { Lab } from '../../lab/lab.ts';
import type { Machine } from '../../lab/machine.ts';
import { buildTree } from '../../lab/trees.ts';
import { bigProgram, newBuildOf, noise } from './support/big-program.ts';
import { freshCluster } from './support/fresh-lab.ts';
import { onlyEvent, runUpdate } from './support/rollout-run.ts';
import { installStandIn } from './support/session-stand-in.ts';

/** Docker 26 with the containerd image store, on both sides: other ids, other archives, other ways to fail. */
const NAME = 'containerd-test';
const ENTRYPOINT = 'image/rootfs/usr/local/lib/convocate-session/entrypoint';

let lab: Lab;
let agent: Machine;

beforeAll(async () => {
  const tree = await buildTree({ version: 'v0.3.0-ctrd' });
  lab = await freshCluster({ name: NAME, agents: 1, tree, kind: 'trixie' });
  agent = lab.agent(0);
  await installStandIn(agent);
});

afterAll(async () => {
  await lab?.close();
});

async function manifestOf(
  version: string,
): Promise<{ image: { manifest_digest: string; config_digest: string } }> {
  const text = await lab.shell.readFile(`/var/lib/convocate/releases/${version}/manifest.json`);
  return JSON.parse(text) as { image: { manifest_digest: string; config_digest: string } };
}

async function containers(): Promise<string> {
  const ids = (await agent.run(['docker', 'ps', '-q', '--no-trunc'])).stdout.split('\n').filter(Boolean);
  return (
    await agent.run(['docker', 'inspect', '--format', '{{.Id}} {{.State.StartedAt}} {{.Image}}', ...ids])
  ).stdout;
}

test('the store is the one meant', async () => {
  const { stdout } = await agent.run(['docker', 'info', '--format', '{{json .DriverStatus}}']);
  expect(stdout).toContain('io.containerd.snapshotter');
});

test('a thin image is loaded and proven, under the id that this store gives it', async () => {
  await lab.shell.run(['convocate', 'new', 'one', '--start']);
  const before = await containers();
  await installTree(
    lab,
    await buildTree({ version: 'v0.3.1-ctrd', appended: { [ENTRYPOINT]: '# v0.3.1\n' } }),
  );
  const { stdout } = await lab.shell.run([
    'convocate-host',
    'update',
    '--host',
    'agent-a',
    '--soak',
    '1s',
    '--json',
  ]);
  const layers = stdout
    .split('\n')
    .filter((line) => line.includes('"transfer"') && line.includes('image layer'));
  expect(layers).toHaveLength(1);

  const { image } = await manifestOf('v0.3.1-ctrd');
  const id = (
    await agent.run(['docker', 'image', 'inspect', '--format', '{{.Id}}', 'convocate:v0.3.1-ctrd'])
  ).stdout.trim();
  expect(id).toBe(`sha256:${image.manifest_digest}`);
  expect(await containers()).toBe(before);

  await lab.shell.run(['convocate', 'kill', 'one']);
  await lab.shell.run(['convocate', 'restart', 'one']);
  expect(await containers()).toContain(`sha256:${image.manifest_digest}`);
});

test('an image that this Docker takes without its layers is not taken for good', async () => {
  await installTree(
    lab,
    await buildTree({ version: 'v0.3.2-ctrd', appended: { [ENTRYPOINT]: '# v0.3.2\n' } }),
  );
  await lab.shell.run(['convocate-host', 'update', '--host', 'agent-a', '--soak', '1s']);
  const release = '/usr/local/lib/convocate/releases/v0.3.2-ctrd';
  await agent.run(['docker', 'image', 'rm', 'convocate:v0.3.2-ctrd']);

  const staged = await agent.exec([`${release}/convocate-agent`, 'stage-image']); // no layer was sent this time
  expect(staged.exitCode).toBe(9);
  const why = expect.stringContaining('was not sent and Docker does not have it') as string;
  expect(JSON.parse(staged.stdout)).toEqual({ outcome: 'incomplete', why });
  const tags = (await agent.run(['docker', 'images', '--format', '{{.Repository}}:{{.Tag}}'])).stdout;
  expect(tags).not.toContain('v0.3.2-ctrd');

  await lab.shell.run(['convocate-host', 'update', '--host', 'agent-a', '--soak', '1s']);
  const tagsAfter = (await agent.run(['docker', 'images', '--format', '{{.Repository}}:{{.Tag}}'])).stdout;
  expect(tagsAfter).toContain('convocate:v0.3.2-ctrd');
});

test('a new build of a big program travels as a patch here too', async () => {
  const first = noise('containerd', 12 * 1024 * 1024);
  const second = newBuildOf(first, 'a new build of the big program');
  for (const [version, program] of [
    ['v0.3.3-ctrd', first],
    ['v0.3.4-ctrd', second],
  ] as const) {
    await installTree(lab, await buildTree({ version, added: { [bigProgram]: program } }));
    const run = await runUpdate(lab.shell, 'agent-a');
    expect(run).toMatchObject({ exitCode: 0, stderr: '' });
    const sent = Number(onlyEvent(run, 'result')['sent_bytes']);
    if (program === first) expect(sent).toBeGreaterThan(first.length);
    else {
      expect(sent).toBeLessThan(1024 * 1024);
      const notes = run.events.filter(({ event }) => event === 'note').map(({ text }) => String(text));
      expect(
        notes.filter((text) => /sent as a patch against the layer of v0\.3\.3-ctrd/.test(text)),
      ).toHaveLength(1);
    }
    const path = `/${bigProgram.replace('image/rootfs/', '')}`;
    const argv = ['docker', 'run', '--rm', '--entrypoint', 'sha256sum', `convocate:${version}`, path];
    const digest = createHash('sha256').update(program).digest('hex');
    expect((await agent.run(argv)).stdout).toBe(`${digest}  ${path}\n`);
  }
});
