import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { OperationError, RefusedError, RolledBackError } from '../base/errors.ts';
import { type ExpectedCall, type ExpectedStart, type FakeHost, fakeHost } from '../host-access/fake-host.ts';
import { AGENT_HOST } from '../protocol/host-layout.ts';
import type { StoredBlob } from '../release/blob-store.ts';
import { serializeManifest } from '../release/manifest.ts';
import { ReleaseStore } from '../release/release-store.ts';
import {
  FENCE,
  HOLD_LOCK,
  LOOK_AT_LOCK,
  RECEIVE_BLOB,
  UNPACK_RELEASE,
  WRITE_FILE,
  scriptArgv,
} from './host-scripts.ts';
import { behindFence, lookAtLock, takeLock } from './lock.ts';
import { healthy, inputFor, manifest } from './plan-fixture.ts';
import type { Plan, PlannedBlob, PlannedLayer } from './plan-types.ts';
import { planUpdate } from './plan.ts';
import { type Rollout, type Step, need, runSteps } from './rollout.ts';
import { activate, installAgent } from './steps/activate.ts';
import { expectSameContainers } from './steps/confirm-healthy.ts';
import { pruneReleases } from './steps/prune-releases.ts';
import { restartAgent } from './steps/restart-agent.ts';
import { stageFiles } from './steps/stage-files.ts';
import { stageImage } from './steps/stage-image.ts';
import { warnSessionsOnOldImage } from './steps/warn-sessions.ts';
import { writeHostFile } from './write-host-file.ts';

let directory: string;
let said: string[];
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'convocate-steps-'));
  said = [];
});
afterEach(async () => {
  await rm(directory, { recursive: true, force: true });
});

const PROGRAM = '/usr/local/lib/convocate/releases/v2/convocate-agent';
const NOTHING: Plan = { ...planUpdate(inputFor(healthy)), releaseBytes: 0 };

/** A rollout of v2 on a host that expects exactly these calls. */
function rolloutOn(host: FakeHost, plan: Partial<Plan> = {}): Rollout {
  const manifestText = serializeManifest(manifest);
  return {
    hostName: 'agent-a',
    store: new ReleaseStore(directory),
    release: { manifest, manifestText, signature: 'signature' },
    reporter: {
      step: (title) => said.push(`step ${title}`),
      note: (text) => said.push(`note ${text}`),
      warn: (text) => said.push(`warn ${text}`),
      transfer: (what, sent, total) => said.push(`transfer ${what} ${sent}/${total}`),
      result: (_value, text) => said.push(`result ${text}`),
    },
    options: { soakMs: 0, confirmMs: 0 },
    host,
    lock: { number: 1, assertHeld: () => {}, release: () => Promise.resolve() },
    facts: healthy,
    plan: { ...NOTHING, ...plan },
    sentBytes: 0,
    startedAt: 0,
    mustRestart: false,
  };
}

async function run(step: Step, script: readonly ExpectedCall[], plan: Partial<Plan> = {}): Promise<Rollout> {
  const host = fakeHost('agent-a', script);
  const rollout = rolloutOn(host, plan);
  try {
    await step.run(rollout);
  } finally {
    await host.close();
    host.assertDone();
  }
  return rollout;
}

describe('activating', () => {
  const argv = [PROGRAM, 'activate'];
  const answer = (items: object[]): ExpectedCall => ({ argv, answer: { stdout: JSON.stringify({ items }) } });

  test.each([
    ['an update', activate, 'note changed /etc/x'],
    ['init-agent', installAgent, 'note /etc/x: has other content; put right'],
  ])('in %s runs the staged program and tells what it put right', async (_flow, step, words) => {
    const items = [
      { item: 'docker', state: 'ok' },
      { item: '/etc/x', state: 'fixed', detail: 'has other content' },
      { item: 'session program', state: 'warning', detail: 'is missing' },
    ];
    const rollout = await run(step, [answer(items)]);
    expect(said).toEqual([words, 'warn session program: is missing']);
    expect(rollout.mustRestart).toBe(true);
  });

  test('asks for no restart where all was right', async () => {
    expect((await run(activate, [answer([{ item: 'docker', state: 'ok' }])])).mustRestart).toBe(false);
  });

  test('is passed over where the plan has nothing of it; init-agent never passes over it', () => {
    const rollout = rolloutOn(fakeHost('agent-a', []));
    expect(activate.isDone?.(rollout)).toBe(true);
    expect('isDone' in installAgent).toBe(false);
  });
});

describe('restarting the agent', () => {
  const reset: ExpectedCall = {
    argv: ['systemctl', 'reset-failed', 'convocate-agent.service'],
    answer: { exitCode: 1 },
  };
  const restart = ['systemctl', 'restart', 'convocate-agent.service'];

  test('forgets earlier failures first', async () => {
    await run(restartAgent, [reset, { argv: restart }]);
  });

  test('that fails is told with the journal, never hidden', async () => {
    const journal = ['journalctl', '-u', 'convocate-agent.service', '-n', '12', '--no-pager', '-o', 'cat'];
    const failing = run(restartAgent, [
      reset,
      { argv: restart, answer: { exitCode: 1, stderr: 'Job failed.' } },
      { argv: journal, answer: { stdout: 'listen EADDRINUSE :222\n' } },
    ]);
    await expect(failing).rejects.toMatchObject({
      message: 'the agent service did not start',
      details: { host: 'agent-a', argv: restart, exitCode: 1, output: 'listen EADDRINUSE :222\n' },
    });
  });

  test('is needed by the plan, or by what another step changed', () => {
    const rollout = rolloutOn(fakeHost('agent-a', []));
    expect(restartAgent.isDone?.(rollout)).toBe(true);
    rollout.mustRestart = true;
    expect(restartAgent.isDone?.(rollout)).toBe(false);
  });
});

describe('a large program file', () => {
  const content = randomBytes(300_000);
  const sha256 = createHash('sha256').update(content).digest('hex');

  /** Sent on a host that takes it in as each of `starts` says. */
  async function stage(offset: number, starts: readonly Partial<ExpectedStart>[]): Promise<Rollout> {
    const { packedSize } = await new ReleaseStore(directory).blobs.putBytes(content, 'gz');
    const plan = { what: 'runtime/node', sha256, packedBytes: packedSize, offset };
    const argvOf = (from: number): string[] =>
      scriptArgv(RECEIVE_BLOB, AGENT_HOST.blobsDir, sha256, String(from), String(packedSize));
    const script = starts.map((start, index) => ({ start: argvOf(index === 0 ? offset : 0), ...start }));
    const host = fakeHost('agent-a', [
      ...script,
      { argv: scriptArgv(UNPACK_RELEASE, AGENT_HOST.libDir, 'v2') },
    ]);
    const rollout = rolloutOn(host, { largeFiles: [plan], stageRelease: true });
    await stageFiles.run(rollout);
    rollout.sentBytes -= Number(/(\d+)$/.exec(said.pop() ?? '')?.[1]); // of the release itself
    return rollout;
  }
  const acks = { answers: (bytes: number) => `ack ${bytes}` };

  test.each([0, 100_000])(
    'from offset %i counts what is sent, and reports what has landed',
    async (offset) => {
      const rollout = await stage(offset, [acks]);
      const [{ packedBytes }] = need(rollout, 'plan').largeFiles as [PlannedBlob];
      expect(rollout.sentBytes).toBe(packedBytes - offset);
      expect(said[0]).toBe(`transfer runtime/node ${offset}/${packedBytes}`);
      expect(said[1]).toBe(`transfer runtime/node ${offset + 64 * 1024}/${packedBytes}`);
      expect(said.at(-1)).toBe(`transfer runtime/node ${packedBytes}/${packedBytes}`);
    },
  );

  test('that arrived damaged is sent once more from its start, and said to be', async () => {
    const rollout = await stage(100_000, [{ ...acks, finishesWith: { exitCode: 9 } }, acks]);
    const [{ packedBytes }] = need(rollout, 'plan').largeFiles as [PlannedBlob];
    expect(rollout.sentBytes).toBe(packedBytes - 100_000 + packedBytes);
    expect(said).toContain('warn runtime/node arrived damaged, or lay damaged on the host; it is sent again');
  });

  test.each([
    [[9, 9], 'runtime/node arrived damaged twice'],
    [[1], 'runtime/node could not be sent'],
  ])('that ends with %j is told', async (exitCodes, message) => {
    const starts = exitCodes.map((exitCode) => ({ ...acks, finishesWith: { exitCode, stderr: 'why' } }));
    await expect(stage(0, starts)).rejects.toMatchObject({
      message,
      details: { host: 'agent-a', exitCode: exitCodes[0], output: 'why' },
    });
  });
});

describe('staging the image', () => {
  const contents = ['lower', 'upper'].map((name) => Buffer.concat([Buffer.from(name), randomBytes(100_000)]));
  const acks = { answers: (bytes: number) => `ack ${bytes}` };
  interface Packed {
    readonly sha256: string;
    readonly packedBytes: number;
  }

  async function packedLayers(): Promise<[Packed, Packed]> {
    const { blobs } = new ReleaseStore(directory);
    const [lower, upper] = await Promise.all(contents.map((content) => blobs.putBytes(content, 'zst')));
    if (!lower || !upper) throw new Error('two were put');
    const packed = ({ sha256, packedSize }: StoredBlob): Packed => ({ sha256, packedBytes: packedSize });
    return [packed(lower), packed(upper)];
  }
  const argvOf = (...words: readonly (readonly [Packed, number])[]): string[] => [
    ...[PROGRAM, 'stage-image'],
    ...words.flatMap(([{ sha256, packedBytes }, offset]) => [
      '--layer',
      `${sha256}:${offset}:${packedBytes}`,
    ]),
  ];

  async function stage(
    [lower, upper]: readonly [Packed, Packed],
    sent: readonly (PlannedLayer | readonly [Packed, number])[],
    starts: readonly ExpectedStart[],
  ): Promise<Rollout> {
    const layers = sent.map((one) => {
      if ('what' in one) return one;
      const [packed, offset] = one;
      return { what: `image layer ${packed === lower ? 1 : 2} of 2`, ...packed, offset };
    });
    const host = fakeHost('agent-a', starts);
    const rollout = rolloutOn(host, { layers, sharedLayers: 2 - sent.length, loadImage: true });
    const own = [lower, upper].map(({ sha256 }) => ({ diff_id: sha256, size: 100_005 }));
    const image = { ...manifest.image, layers: own };
    await stageImage.run({
      ...rollout,
      release: { ...need(rollout, 'release'), manifest: { ...manifest, image } },
    });
    await host.close();
    host.assertDone();
    return rollout;
  }
  const failing = (outcome: object): Partial<ExpectedStart> => ({
    finishesWith: { exitCode: 9, stdout: `ack 1\n${JSON.stringify(outcome)}` },
  });
  const warnings = (): string[] => said.filter((line) => line.startsWith('warn'));

  test('is one command that takes in what is missing of the missing layers', async () => {
    const [lower, upper] = await packedLayers();
    const start = argvOf([lower, 3], [upper, 0]);
    await stage(
      [lower, upper],
      [
        [lower, 3],
        [upper, 0],
      ],
      [{ start, ...acks }],
    );
    expect(
      said.filter((line) => line.endsWith(`1 of 2 ${lower.packedBytes}/${lower.packedBytes}`)),
    ).toHaveLength(1);
    expect(said.at(-2)).toBe(`transfer image layer 2 of 2 ${upper.packedBytes}/${upper.packedBytes}`);
    expect(said.at(-1)).toBe('note the image is loaded, and a container from it runs');
  });

  test('says what stays home', async () => {
    const [lower, upper] = await packedLayers();
    await stage([lower, upper], [[upper, 0]], [{ start: argvOf([upper, 0]), ...acks }]);
    expect(said[0]).toBe('note 1 layers are there already and stay home');
  });

  test('sends a damaged layer once more, alone', async () => {
    const [lower, upper] = await packedLayers();
    const damaged = { outcome: 'damaged', layer: upper.sha256, why: 'its SHA-256 is 0' };
    const again = argvOf([lower, lower.packedBytes], [upper, 0]);
    await stage(
      [lower, upper],
      [
        [lower, 0],
        [upper, 9],
      ],
      [
        { start: argvOf([lower, 0], [upper, 9]), ...acks, ...failing(damaged) },
        { start: again, ...acks },
      ],
    );
    expect(warnings()).toEqual([
      'warn image layer 2 of 2 arrived damaged, or lay damaged on the host (its SHA-256 is 0); it alone is sent again',
    ]);
  });

  test('gives up where it is damaged a second time', async () => {
    const [lower, upper] = await packedLayers();
    const damaged = { outcome: 'damaged', layer: upper.sha256, why: 'x' };
    const start = argvOf([upper, 0]);
    const starts = [1, 2].map(() => ({ start, ...acks, ...failing(damaged) }));
    await expect(stage([lower, upper], [[upper, 0]], starts)).rejects.toMatchObject({
      message: 'the image could not be staged on the host',
      details: { exitCode: 9 },
    });
  });

  test('sends all layers, once, where Docker lacks one that it seemed to have', async () => {
    const [lower, upper] = await packedLayers();
    const incomplete = { outcome: 'incomplete', why: 'docker load failed: no such layer' };
    await stage(
      [lower, upper],
      [[upper, 0]],
      [
        { start: argvOf([upper, 0]), ...acks, ...failing(incomplete) },
        { start: argvOf([lower, 0], [upper, upper.packedBytes]), ...acks },
      ],
    );
    expect(warnings()).toEqual([
      'warn Docker made no image of these layers and its own (docker load failed: no such layer); all layers are sent',
    ]);
  });

  describe('with a patch', () => {
    const base = { diffId: 'b'.repeat(64), sizeBytes: 100_000 };
    const why = 'sent as a patch against the layer of v1 (9 B instead of 100 kB)';

    /** The upper layer as a patch of nine bytes; each start is of that, or of the whole layer from 7 on. */
    async function stagePatch(starts: readonly (Partial<ExpectedStart> & { whole?: true })[]): Promise<void> {
      const [lower, upper] = await packedLayers();
      const { blobs } = new ReleaseStore(directory);
      await writeFile(blobs.patchPath(upper.sha256, base.diffId), 'the patch');
      const layer = {
        ...{ what: 'image layer 2 of 2', sha256: upper.sha256, packedBytes: 9, offset: 0, patch: base, why },
        whole: { packedBytes: upper.packedBytes, offset: 7 },
      };
      const patched = [PROGRAM, 'stage-image', '--layer', `${upper.sha256}:0:9:${base.diffId}:100000`];
      const script = starts.map(({ whole, ...start }) => {
        return { start: whole ? argvOf([upper, 7]) : patched, ...acks, ...start };
      });
      await stage([lower, upper], [layer], script);
    }
    const outcome = (name: string, layer: string): Partial<ExpectedStart> =>
      failing({ outcome: name, layer, why: 'the base is damaged' });

    test('sends the patch and says why', async () => {
      await stagePatch([{}]);
      expect(said[1]).toBe(`note image layer 2 of 2: ${why}`);
      expect(said).toContain('transfer image layer 2 of 2 9/9');
    });

    test('that cannot be applied sends the whole layer, and says why', async () => {
      const [, upper] = await packedLayers();
      await stagePatch([outcome('unpatchable', upper.sha256), { whole: true }]);
      expect(warnings()).toEqual([
        'warn image layer 2 of 2 is sent whole, not as a patch: the base is damaged',
      ]);
    });

    test('over which the program there was killed sends the whole layer', async () => {
      await stagePatch([{ finishesWith: { exitCode: 137 } }, { whole: true }]);
      expect(warnings()).toEqual([
        'warn image layer 2 of 2 is sent whole, not as a patch: the program there was killed (exit 137), as happens where memory runs out',
      ]);
    });

    test('that is damaged is sent again, and whole where it is damaged twice', async () => {
      const [, upper] = await packedLayers();
      const damaged = outcome('damaged', upper.sha256);
      await stagePatch([damaged, damaged, { whole: true }]);
      expect(warnings()).toHaveLength(2);
      expect(warnings()[1]).toContain('is sent whole, not as a patch: damaged twice');
    });
  });

  test('that fails otherwise is told with the words of the host', async () => {
    const [lower, upper] = await packedLayers();
    const start: ExpectedStart = {
      start: argvOf([upper, 0]),
      finishesWith: { exitCode: 1, stderr: 'disk full' },
    };
    await expect(stage([lower, upper], [[upper, 0]], [start])).rejects.toMatchObject({
      message: 'the image could not be staged on the host',
      details: { host: 'agent-a', exitCode: 1, output: 'disk full' },
    });
  });
});

test('a prune that fails never fails a rollout', async () => {
  await run(pruneReleases, [{ argv: [PROGRAM, 'prune', '--json'], answer: { exitCode: 1, stderr: 'no' } }]);
  expect(said).toEqual(['warn pruning failed, which does no harm: convocate-agent failed']);
});

test('sessions on an older image are named, and no call is made', async () => {
  await run(warnSessionsOnOldImage, [], { warnings: ['session a runs on v1'] });
  expect(said).toEqual(['warn session a runs on v1']);
});

describe('the same containers', () => {
  const one = {
    id: 'c1',
    name: 'one',
    image: 'convocate:v1',
    imageId: 'sha256:x',
    startedAt: 'then',
    running: true,
  };
  test('may have become more, and one that had stopped may run again', () => {
    const stopped = { ...one, id: 'c2', running: false };
    expect(() =>
      expectSameContainers(
        'agent-a',
        [one, stopped],
        [{ ...stopped, running: true }, one, { ...one, id: 'c3' }],
      ),
    ).not.toThrow();
  });

  test.each([
    ['gone', []],
    ['stopped', [{ ...one, running: false }]],
    ['started anew', [{ ...one, startedAt: 'now' }]],
    ['on another image', [{ ...one, imageId: 'sha256:y' }]],
    ['another of the same name', [{ ...one, id: 'c9' }]],
  ])('are not one that is %s', (_how, after) => {
    expect(() => expectSameContainers('agent-a', [one], after)).toThrow(
      expect.objectContaining({
        details: expect.objectContaining({ host: 'agent-a', output: 'one' }) as unknown,
      }) as Error,
    );
  });
});

const step = (title: string, more: Partial<Step> = {}): Step => ({
  title,
  run: async () => void said.push(`run ${title}`),
  ...more,
});

describe('the steps of a flow', () => {
  test('run in order; what is done is passed over in silence; all is closed at the end', async () => {
    const host = fakeHost('agent-a', []);
    const rollout = rolloutOn(host);
    rollout.lock = {
      number: 1,
      assertHeld: () => {},
      release: async () => void said.push(`release, open: ${!host.isClosed}`),
    };
    await runSteps([step('a'), step('b', { isDone: () => true }), step('c')], rollout);
    expect(said).toEqual(['step a', 'run a', 'step c', 'run c', 'release, open: true']);
    host.assertDone();
  });

  test('stop at the first that fails, and the lock and the connection end with it', async () => {
    const host = fakeHost('agent-a', []);
    const rollout = rolloutOn(host);
    rollout.lock = { number: 1, assertHeld: () => {}, release: async () => void said.push('release') };
    const failing = step('b', { run: () => Promise.reject(new OperationError('no')) });
    await expect(runSteps([step('a'), failing, step('c')], rollout)).rejects.toThrow('no');
    expect(said).toEqual(['step a', 'run a', 'step b', 'release']);
    host.assertDone();
  });

  test('close the connection even where the lock cannot be given back, and tell the first error', async () => {
    const host = fakeHost('agent-a', []);
    const rollout = rolloutOn(host);
    rollout.lock = {
      number: 1,
      assertHeld: () => {},
      release: () => Promise.reject(new Error('the end of a remote command')),
    };
    const failing = step('a', {
      run: () => Promise.reject(new OperationError('the SSH connection was lost')),
    });
    await expect(runSteps([failing], rollout)).rejects.toThrow('the SSH connection was lost');
    host.assertDone();
  });

  test('in a wrong order are a bug, told by what is missing', () => {
    const { host: _host, ...rollout } = rolloutOn(fakeHost('agent-a', []));
    expect(() => need(rollout, 'host')).toThrow(
      new TypeError('a step needs host before any step has set it'),
    );
  });
});

/** The holder's words hold time and user, so the script is matched by what is fixed of it. */
function lockHost(prints: readonly string[], endsWith?: { exitCode: number; stderr: string }): FakeHost {
  const { rolloutLock, rolloutDir, rolloutWorkLock } = AGENT_HOST;
  const argv = scriptArgv(HOLD_LOCK, rolloutLock, 'WHO', rolloutDir, rolloutWorkLock);
  const inner = fakeHost('agent-a', [{ start: argv, prints, ...(endsWith && { endsWith }) }]);
  return { ...inner, start: (given) => inner.start(given.with(given.length - 3, 'WHO')) };
}

describe('the lock', () => {
  test('held by another is a refusal that names them', async () => {
    const error = await takeLock(
      lockHost(['held by anna on shell since then'], { exitCode: 3, stderr: '' }),
    ).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(RefusedError);
    expect(error).toMatchObject({
      message: 'another rollout is under way on this host: held by anna on shell since then',
      exit: 3,
    });
  });

  test('that cannot be taken is an error with the reason', async () => {
    await expect(takeLock(lockHost([], { exitCode: 1, stderr: 'no such folder' }))).rejects.toMatchObject({
      message: 'the rollout lock could not be taken',
      details: { exitCode: 1, output: 'no such folder' },
    });
  });

  test('is held until it is given back', async () => {
    const lock = await takeLock(lockHost(['locked 7']));
    lock.assertHeld();
    await lock.release();
    lock.assertHeld(); // given back, not lost
  });

  test('that was lost forbids every further change', async () => {
    const lock = await takeLock(lockHost(['locked 7'], { exitCode: 255, stderr: '' }));
    await new Promise((resolve) => setImmediate(resolve));
    expect(() => lock.assertHeld()).toThrow(
      'the rollout lock was lost with its connection; nothing more was changed',
    );
  });

  test.each([
    ['by anna\n', 'by anna'],
    ['', undefined],
  ])('a look at it tells %j as %j', async (stdout, holder) => {
    const host = fakeHost('agent-a', [
      { argv: scriptArgv(LOOK_AT_LOCK, AGENT_HOST.rolloutLock), answer: { stdout } },
    ]);
    expect(await lookAtLock(host)).toBe(holder);
  });
});

test('a file for a host goes over stdin, never in the argv', async () => {
  const argv = scriptArgv(WRITE_FILE, '/etc/x', '600');
  const host = fakeHost('agent-a', [
    { argv, input: 'secret', answer: { stdout: 'changed\n' } },
    { argv, input: 'secret', answer: { stdout: 'same\n' } },
  ]);
  expect(await writeHostFile(host, '/etc/x', 'secret', '600')).toBe(true);
  expect(await writeHostFile(host, '/etc/x', 'secret', '600')).toBe(false);
});

describe('a host behind the fence', () => {
  const { rolloutDir, rolloutWorkLock } = AGENT_HOST;
  const argv = scriptArgv(FENCE, rolloutDir, rolloutWorkLock, '7', 'systemctl', 'restart', 'x');

  test('is asked nothing without its number', async () => {
    const host = fakeHost('agent-a', [{ argv, answer: { exitCode: 5 } }, { start: argv }]);
    const fenced = behindFence(host, { number: 7, assertHeld: () => {} });
    expect((await fenced.run(['systemctl', 'restart', 'x'])).exitCode).toBe(5);
    await (await fenced.start(['systemctl', 'restart', 'x'])).finish();
    await fenced.close();
    host.assertDone();
  });

  test('says whose it is now, and names a command that failed by its own words', async () => {
    const stderr = 'fenced off: rollout 7 lost this host to rollout 8\n';
    const host = fakeHost('agent-a', [
      { argv, answer: { exitCode: 75, stderr } },
      { argv, answer: { exitCode: 1, stderr: 'no such unit' } },
    ]);
    const fenced = behindFence(host, { number: 7, assertHeld: () => {} });
    await expect(fenced.run(['systemctl', 'restart', 'x'])).rejects.toThrow(
      'the rollout lock was lost to another rollout (fenced off: rollout 7 lost this host to rollout 8); nothing more was changed',
    );
    await expect(fenced.check(['systemctl', 'restart', 'x'])).rejects.toMatchObject({
      message: 'systemctl failed',
      details: { argv: ['systemctl', 'restart', 'x'], output: 'no such unit' },
    });
    await host.close();
  });

  test('is not asked at all once the lock is known to be lost', async () => {
    const host = fakeHost('agent-a', []);
    const assertHeld = (): void => {
      throw new OperationError('the lock was lost');
    };
    const fenced = behindFence(host, { number: 7, assertHeld });
    await expect(fenced.run(['true'])).rejects.toThrow('the lock was lost');
    await expect(fenced.start(['true'])).rejects.toThrow('the lock was lost');
    await host.close();
  });
});

describe('what was begun', () => {
  test('is undone last first, the step that failed included, and the error stays the one to tell', async () => {
    const host = fakeHost('agent-a', []);
    const undo = (title: string): Partial<Step> => ({
      undo: (_rollout, error) =>
        Promise.resolve(void said.push(`undo ${title}: ${(error as Error).message}`)),
    });
    const failing = step('c', { ...undo('c'), run: () => Promise.reject(new OperationError('no')) });
    const steps = [step('a', undo('a')), step('b'), failing, step('d', undo('d'))];
    await expect(runSteps(steps, rolloutOn(host))).rejects.toThrow('no');
    expect(said.slice(-2)).toEqual(['undo c: no', 'undo a: no']);
    host.assertDone();
  });

  test('may have more to tell: that is told then', async () => {
    const host = fakeHost('agent-a', []);
    const failing = step('a', {
      run: () => Promise.reject(new OperationError('no')),
      undo: () => Promise.reject(new RolledBackError('no; the host went back')),
    });
    await expect(runSteps([failing], rolloutOn(host))).rejects.toThrow('no; the host went back');
    host.assertDone();
  });
});
