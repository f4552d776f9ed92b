import { setTimeout as sleep } from 'node:timers/promises';
import { Readable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { DeadlineError } from './deadline.ts';
import { OperationError } from './errors.ts';
import { exitOf, runChecked, runCommand, startProcess } from './run-command.ts';

const sh = (script: string, ...args: string[]): string[] => ['sh', '-c', script, 'sh', ...args];

describe('exit codes', () => {
  test.each([0, 1, 3, 255])('%i is given as it is', async (code) => {
    expect(await runCommand(sh('exit "$1"', String(code)))).toEqual({
      exitCode: code,
      stdout: '',
      stderr: '',
    });
  });

  test.each([
    ['TERM', 143],
    ['KILL', 137],
    ['HUP', 129],
  ])('a death by SIG%s is %i', async (signal, code) => {
    expect((await runCommand(sh(`kill -${signal} $$`))).exitCode).toBe(code);
  });

  test('a program that does not exist is 127, whatever it was to be given', async () => {
    expect((await runCommand(['/no/such/program'])).exitCode).toBe(127);
    expect((await runCommand(['/no/such/program'], { input: 'text' })).exitCode).toBe(127);
    expect((await runCommand(['/no/such/program'], { input: Readable.from(['text']) })).exitCode).toBe(127);
  });

  test('what cannot be started for another reason throws', async () => {
    await expect(runCommand(['/etc/passwd'])).rejects.toMatchObject({ code: 'EACCES' });
    await expect(runCommand([])).rejects.toThrow(TypeError);
  });

  test('is told of a process that has ended long before it is asked for', async () => {
    for (const [script, code] of [
      ['exit 3', 3],
      ['kill -TERM $$', 143],
    ] as const) {
      const child = startProcess(sh(script), { stdio: 'ignore' });
      const ended = new Promise((resolve) => child.once('close', resolve));
      await ended;
      expect(await exitOf(child)).toBe(code);
    }
  });
});

describe('output', () => {
  test('comes apart, whole and as text', async () => {
    expect(await runCommand(sh('printf "ä out"; printf "err" >&2; exit 2'))).toEqual({
      exitCode: 2,
      stdout: 'ä out',
      stderr: 'err',
    });
  });

  test('of megabytes on both streams does not block', async () => {
    const { stdout, stderr } = await runCommand(
      sh('head -c 3000000 /dev/zero | tr "\\0" a; head -c 3000000 /dev/zero | tr "\\0" b >&2'),
    );
    expect([stdout.length, stderr.length]).toEqual([3_000_000, 3_000_000]);
  });

  test('beyond 64 MiB is dropped instead of filling the memory', async () => {
    const { stdout, exitCode } = await runCommand(sh('head -c 70000000 /dev/zero'));
    expect(exitCode).toBe(0);
    expect(stdout.length).toBeLessThanOrEqual(64 * 1024 * 1024);
    expect(stdout.length).toBeGreaterThan(63 * 1024 * 1024);
  });
});

async function* drip(): AsyncGenerator<Buffer> {
  for (;;) {
    yield Buffer.alloc(1000);
    await sleep(2);
  }
}

async function* broken(): AsyncGenerator<Buffer> {
  yield Buffer.from('first');
  throw new Error('the blob cannot be read');
}

describe('input', () => {
  test.each([
    ['text', 'text ä'],
    ['bytes', Buffer.from('text ä')],
    ['a stream', Readable.from([Buffer.from('text '), Buffer.from('ä')])],
  ])('%s arrives whole', async (_what, input) => {
    expect((await runCommand(['cat'], { input })).stdout).toBe('text ä');
  });

  test('is empty where none is given', async () => {
    expect((await runCommand(['cat'])).stdout).toBe('');
  });

  test('that the process does not read leaves its exit code standing', async () => {
    const bytes = Buffer.alloc(4 * 1024 * 1024);
    expect((await runCommand(sh('exec <&-; exit 9'), { input: bytes })).exitCode).toBe(9);
    expect(
      (await runCommand(sh('exec <&-; exit 9'), { input: Readable.from([bytes, bytes]) })).exitCode,
    ).toBe(9);
  });

  test('from a slow stream is cut off when the process ends, with its exit code', async () => {
    expect(
      (await runCommand(sh('head -c 10 >/dev/null; exit 9'), { input: Readable.from(drip()) })).exitCode,
    ).toBe(9);
  });

  test('from a stream that breaks is an error, and the process is not left waiting', async () => {
    await expect(runCommand(['cat'], { input: Readable.from(broken()) })).rejects.toThrow(
      'the blob cannot be read',
    );
  });
});

describe('time', () => {
  test('that runs out kills the process and says which', async () => {
    const startedAt = performance.now();
    await expect(runCommand(['sleep', '60'], { timeoutMs: 100 })).rejects.toThrow(
      new DeadlineError('sleep', 100),
    );
    expect(performance.now() - startedAt).toBeLessThan(5_000);
  });

  test('runs out too where a child of the process holds its output open', async () => {
    const startedAt = performance.now();
    const run = runCommand(sh('sleep 20 & sleep 20; true'), { timeoutMs: 100 });
    await expect(run).rejects.toThrow(DeadlineError);
    expect(performance.now() - startedAt).toBeLessThan(5_000);
  });

  test('is not needed where an abort signal ends it', async () => {
    const abort = new AbortController();
    const run = runCommand(['sleep', '60'], { signal: abort.signal });
    abort.abort();
    await expect(run).rejects.toMatchObject({ name: 'AbortError' });
  });
});

describe('surroundings', () => {
  test('the environment and folder are the ones given', async () => {
    const result = await runCommand(sh('echo "$NAME $PWD"'), {
      env: { NAME: 'x', PATH: process.env['PATH'] },
      cwd: '/usr',
    });
    expect(result.stdout).toBe('x /usr\n');
  });

  test('arguments are never seen by a shell', async () => {
    expect((await runCommand(['printf', '%s', '$(id) `id` ; id'])).stdout).toBe('$(id) `id` ; id');
  });
});

describe('runChecked', () => {
  test('gives stdout', async () => {
    expect(await runChecked(['echo', 'yes'])).toBe('yes\n');
  });

  test('throws what the operator needs: argv, exit code, last words', async () => {
    const argv = sh('echo out; echo " err " >&2; exit 4');
    const error = await runChecked(argv).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(OperationError);
    expect(error).toMatchObject({
      message: 'sh failed',
      exit: 1,
      details: { argv, exitCode: 4, output: 'err' },
    });
    await expect(runChecked(sh('echo only out; exit 1'))).rejects.toMatchObject({
      details: { output: 'only out\n' },
    });
  });
});

test.each([
  [true, '1'],
  [false, '0'],
])('apart: %s, a command leads a session of its own: %s', async (apart, leads) => {
  const script = 'read -r _ _ _ _ _ session _ </proc/$$/stat; echo $(($$ == session))';
  expect((await runChecked(['sh', '-c', script], { apart })).trim()).toBe(leads);
});
