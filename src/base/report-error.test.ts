import { afterEach, describe, expect, test } from 'vitest';
import { DeadlineError } from './deadline.ts';
import { OperationError, OperatorError, RefusedError, RolledBackError, UsageError } from './errors.ts';
import { describeError, errorToJson, errorWords, exitCodeOf } from './report-error.ts';
import { runCommand } from './run-command.ts';

const error = new OperationError('the agent service did not start', {
  host: 'agent-a',
  argv: ['systemctl', 'restart', "it's.service"],
  exitCode: 1,
  output: `${Array.from({ length: 9 }, (_, line) => `line ${line}`).join('\n')}\n\n`,
  hint: 'mend the cause and run this again',
  cause: new Error('a cause with /a/path.ts'),
});

afterEach(() => {
  delete process.env['CONVOCATE_DEBUG'];
});

describe('words for the operator', () => {
  test('say what failed, where, the command, its last lines, and what to do', () => {
    expect(describeError(error)).toBe(
      [
        'error: the agent service did not start',
        '  host:    agent-a',
        `  command: systemctl restart 'it'\\''s.service'  (exit 1)`,
        ...[1, 2, 3, 4, 5, 6, 7, 8].map((line) => `  | line ${line}`),
        '  next:    mend the cause and run this again',
      ].join('\n'),
    );
  });

  test('leave out what is not known', () => {
    expect(describeError(new UsageError('no such verb'))).toBe('error: no such verb');
    expect(describeError(new RefusedError('no', { argv: ['true'], output: '\n\n' }))).toBe(
      'error: no\n  command: true',
    );
  });

  test('never show the text of a script, nor a stack', () => {
    const text = describeError(
      new OperationError('sh failed', { argv: ['sh', '-c', `echo ${'secret '.repeat(40)}`] }),
    );
    expect(text).toBe("error: sh failed\n  command: sh -c '…'");
    expect(describeError(error)).not.toMatch(/\.ts|\bat /);
  });

  test('of a bug say that it is one; the trace comes only when asked for', () => {
    const bug = new TypeError('x is undefined');
    const words = 'internal error: x is undefined\n  this is a bug; set CONVOCATE_DEBUG=1 to see where';
    expect(describeError(bug)).toBe(words);
    process.env['CONVOCATE_DEBUG'] = '1';
    expect(describeError(bug)).toBe(`${words}\n${bug.stack}`);
    expect(describeError('thrown text')).toBe(
      'internal error: thrown text\n  this is a bug; set CONVOCATE_DEBUG=1 to see where\n',
    );
  });
});

describe('trouble of the machine is no bug of ours', () => {
  const system = (code: string, message: string): Error =>
    Object.assign(new Error(`${code}: ${message}`), { code });
  test.each([
    [
      system('ENOSPC', 'no space left on device, write'),
      'error: ENOSPC: no space left on device, write\n  next:    make room on the disk of this machine, then run this again',
    ],
    [
      system('EACCES', "permission denied, open '/x'"),
      "error: EACCES: permission denied, open '/x'\n  next:    see to what is named there, then run this again",
    ],
    [
      new DeadlineError('docker', 60_000),
      'error: docker did not finish within 60 s\n  next:    see whether it hangs, then run this again',
    ],
  ])('%s', (thrown, words) => {
    expect(describeError(thrown)).toBe(words);
    expect(errorToJson(thrown)).toMatchObject({ error: thrown.message, kind: 'OperationError', exit: 1 });
    expect(exitCodeOf(thrown)).toBe(1);
  });

  test('and its trace is there for who asks', () => {
    process.env['CONVOCATE_DEBUG'] = '1';
    const thrown = system('EBADF', 'bad file descriptor, read');
    expect(describeError(thrown)).toMatch(/^error: EBADF.*\n {2}next: .*\n/);
    expect(describeError(thrown).endsWith(`\n${thrown.stack}`)).toBe(true);
  });

  test('but what Node itself says no to is', () => {
    expect(describeError(system('ERR_INVALID_ARG_TYPE', 'x'))).toMatch(
      /^internal error: .*\n {2}this is a bug/,
    );
  });
});

test('what a program printed that broke is cut to what can be read', () => {
  const output = [
    'file:///opt/x.mjs:3',
    'const a=1;'.repeat(10_000),
    'SyntaxError: no',
    '    at file:///x.mjs:1:2',
    '    at async load (node:internal/x:1:2)',
    'Node.js v24.21.0',
  ].join('\n');
  const broken = new OperationError('x failed', { output });
  expect(describeError(broken)).toBe(`error: x failed\n  | ${'const a=1;'.repeat(50)}…\n  | SyntaxError: no`);
  expect(errorToJson(broken)['output']).toBe(`${'const a=1;'.repeat(50)}…\nSyntaxError: no`);
  const long = new OperationError('x', { output: Array.from({ length: 90 }, (_, line) => line).join('\n') });
  expect(String(errorToJson(long)['output']).split('\n')).toHaveLength(40);
});

test('as JSON: the same facts, without cause and stack', () => {
  expect(JSON.parse(JSON.stringify(errorToJson(error)))).toEqual({
    error: 'the agent service did not start',
    kind: 'OperationError',
    exit: 1,
    host: 'agent-a',
    argv: ['systemctl', 'restart', "it's.service"],
    exitCode: 1,
    output: error.details.output?.trim(),
    hint: 'mend the cause and run this again',
  });
  expect(errorToJson(new TypeError('a bug'))).toEqual({ error: 'a bug', kind: 'internal', exit: 1 });
});

test.each([
  [new OperatorError('x'), 1, 'OperatorError'],
  [new OperationError('x'), 1, 'OperationError'],
  [new UsageError('x'), 2, 'UsageError'],
  [new RefusedError('x'), 3, 'RefusedError'],
  [new RolledBackError('x'), 4, 'RolledBackError'],
  [new Error('x'), 1, 'Error'],
  ['x', 1, undefined],
])('%o ends with %i', (thrown, code, name) => {
  expect(exitCodeOf(thrown)).toBe(code);
  if (thrown instanceof Error) expect(thrown.name).toBe(name);
});

test('what a command prints: words, or one line of JSON', () => {
  const refused = new RefusedError('no', { hint: 'ask' });
  expect(errorWords(refused, false)).toBe('error: no\n  next:    ask\n');
  expect(errorWords(refused, true)).toBe('{"error":"no","kind":"RefusedError","exit":3,"hint":"ask"}\n');
});

describe('an error that nobody caught', () => {
  /** Runs this in a process of its own that reports such errors. */
  async function run(body: string): Promise<{ exitCode: number; stdout: string; stderr: string }> {
    const from = (name: string): string => JSON.stringify(new URL(name, import.meta.url).href);
    const program = `
      import { RefusedError } from ${from('./errors.ts')};
      import { errorWords, reportUncaught } from ${from('./report-error.ts')};
      reportUncaught((error) => errorWords(error, false));
      ${body}`;
    return await runCommand([process.execPath, '--input-type=module', '-e', program]);
  }

  test.each([
    ["setTimeout(() => { throw new Error('oops'); })", 1, /^internal error: oops\n {2}this is a bug; .*\n$/],
    ["void Promise.reject(new Error('oops'))", 1, /^internal error: oops\n {2}this is a bug; .*\n$/],
    ["setTimeout(() => { throw new RefusedError('no'); })", 3, /^error: no\n$/],
  ])('%s is told without a stack', async (body, exitCode, words) => {
    expect(await run(body)).toEqual({ exitCode, stdout: '', stderr: expect.stringMatching(words) });
  });

  test('comes after the terminal was given back', async () => {
    const restored = "process.on('exit', () => process.stderr.write('restored\\n'))";
    const { stderr } = await run(`${restored}; setTimeout(() => { throw new Error('oops'); })`);
    expect(stderr).toMatch(/^restored\ninternal error: oops\n/);
  });

  test('is left to who listens later', async () => {
    const listen = "process.on('uncaughtException', ({ message }) => console.log('mine:', message))";
    expect(await run(`${listen}; setTimeout(() => { throw new Error('oops'); })`)).toEqual({
      exitCode: 0,
      stdout: 'mine: oops\n',
      stderr: '',
    });
  });
});
