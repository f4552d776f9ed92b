import { Duplex } from 'node:stream';
import type Dockerode from 'dockerode';
import { afterEach, expect, test, vi } from 'vitest';
import type { ExecCommand, ExecResult } from './docker.ts';
import { execToEnd, openTerminal } from './engine-exec.ts';

afterEach(() => vi.useRealTimers());

/** A process whose output never ends, counted. */
class Endless extends Duplex {
  printed = 0;
  readonly #pieceBytes: number;

  constructor(pieceBytes: number) {
    super();
    this.#pieceBytes = pieceBytes;
  }

  override _read(): void {
    const header = Buffer.from([1, 0, 0, 0, 0, 0, 0, 0]);
    header.writeUInt32BE(this.#pieceBytes, 4);
    this.printed += this.#pieceBytes;
    setImmediate(() => this.push(Buffer.concat([header, Buffer.alloc(this.#pieceBytes, 'y')])));
  }
}

/** An engine that knows nothing but this process. */
function engineOf(start: () => Promise<Duplex>): Dockerode {
  const exec = { start, inspect: async () => ({ ExitCode: 0, Running: false }) };
  return { getContainer: () => ({ exec: async () => exec }) } as unknown as Dockerode;
}

async function run(command: ExecCommand, start: () => Promise<Duplex>): Promise<ExecResult> {
  return await execToEnd(engineOf(start), 'one', command);
}

test('a command that prints more than it may is given up, and read no more', async () => {
  const yes = new Endless(1_000);
  const command = { argv: ['yes'], user: 'claude', mostBytes: 4_096 };
  await expect(run(command, async () => yes)).rejects.toMatchObject({
    code: 'docker',
    message: 'Docker failed to run yes in one: it prints more than 4096 bytes',
  });
  expect(yes.destroyed).toBe(true);
  expect(yes.printed).toBeLessThan(200_000);
});

test('a command that does not come to its end in its time is read no more', async () => {
  const slow = new Endless(1);
  const command = { argv: ['yes'], user: 'claude', timeoutMs: 50 };
  await expect(run(command, async () => slow)).rejects.toMatchObject({
    code: 'docker',
    message: expect.stringMatching(/run yes in one did not finish within 0.05 s/),
  });
  expect(slow.destroyed).toBe(true);
});

test('nor one that Docker starts only after that', async () => {
  const late = new Endless(1);
  const { promise, resolve } = Promise.withResolvers<Duplex>();
  const command = { argv: ['yes'], user: 'claude', timeoutMs: 20 };
  await expect(run(command, () => promise)).rejects.toMatchObject({ code: 'docker' });
  resolve(late);
  await expect.poll(() => late.destroyed).toBe(true);
});

test('a terminal that nobody waits for any more is closed when it comes', async () => {
  const late = new Endless(1);
  const { promise, resolve } = Promise.withResolvers<Duplex>();
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const opening = openTerminal(
    engineOf(() => promise),
    'one',
    { argv: ['sh'], user: 'claude' },
  );
  const refused = expect(opening).rejects.toMatchObject({ code: 'docker' });
  await vi.advanceTimersByTimeAsync(15_000);
  await refused;
  vi.useRealTimers();
  resolve(late);
  await expect.poll(() => late.destroyed).toBe(true);
});
