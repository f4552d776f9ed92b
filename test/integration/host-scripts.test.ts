// The scripts that run on a host before anything of ours is there, run for real by `sh` on folders of this box.
import type { ChildProcess } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import {
  chmod,
  chown,
  link,
  mkdir,
  mkdtemp,
  readFile,
  readdir,
  readlink,
  rename,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { withDeadline } from '../../src/base/deadline.ts';
import {
  type CommandResult,
  exitOf,
  runChecked,
  runCommand,
  startProcess,
} from '../../src/base/run-command.ts';
import { quoteArgv } from '../../src/base/shell-quote.ts';
import { RUN_LOCKED } from '../../src/protocol/rollout-lock.ts';
import { parseFacts } from '../../src/convocate-host/facts.ts';
import { parseRollout } from '../../src/convocate-host/rollout-facts.ts';
import { toldLines } from '../../src/convocate-host/script-lines.ts';
import {
  CLOSE_ROLLOUT,
  FENCE,
  FORGET_RETURN,
  HOLD_LOCK,
  type HostScript,
  LOOK_AT_LOCK,
  RECEIVE_BLOB,
  WRITE_FILE,
  scriptArgv,
} from '../../src/convocate-host/host-scripts.ts';
import { READ_FACTS, READ_ROLLOUT, READ_SESSIONS } from '../../src/convocate-host/look-scripts.ts';

let root: string;
const at = (...names: string[]): string => join(root, ...names);
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "convocate scripts it's-")); // a path that only correct quoting survives
});
afterEach(async () => {
  for (const child of started.splice(0)) child.kill('SIGKILL');
  await rm(root, { recursive: true, force: true });
});

const sha256 = (content: string | Buffer): string => createHash('sha256').update(content).digest('hex');
const run = (script: HostScript, args: readonly string[], input?: string | Buffer): Promise<CommandResult> =>
  runCommand(scriptArgv(script, ...args), input === undefined ? {} : { input });
const modeOf = async (path: string): Promise<number> => (await stat(path)).mode & 0o7777;

/** Every file below the root with its content, so that "nothing changed" can be said in one line. */
async function snapshot(): Promise<Record<string, string>> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return Object.fromEntries(
    await Promise.all(
      files.sort().map(async (path) => [path.slice(root.length + 1), sha256(await readFile(path))]),
    ),
  );
}

describe('read-facts', () => {
  /** Paths of host files hold no space: a release may only name such (see HostFile). */
  let hostFile: string;
  beforeEach(async () => {
    hostFile = join(await mkdtemp(join(tmpdir(), 'convocate-host-file-')), 'unit');
  });
  afterEach(async () => {
    await rm(dirname(hostFile), { recursive: true, force: true });
  });
  const args = (): string[] => [
    at('lib'),
    at('etc'),
    at('var'),
    'no-such-unit.service',
    hostFile,
    `${hostFile}-absent`,
  ];

  test('on an empty host says so, and leaves no trace', async () => {
    const result = await run(READ_FACTS, args());
    expect(result.exitCode).toBe(0);
    const facts = parseFacts(result.stdout, 'here');
    expect(facts).toMatchObject({
      machine: (await runChecked(['uname', '-m'])).trim(),
      cores: Number(await runChecked(['nproc', '--all'])),
      allowedSigners: '',
      releases: new Map(),
      blobs: new Map(),
      parts: new Map(),
      sessionNames: new Map(),
      files: new Map(),
    });
    expect(facts.glibc).toMatch(/^2\.\d+$/);
    expect(facts.memoryBytes).toBeGreaterThan(2 ** 28);
    expect(facts.availableMemoryBytes).toBeGreaterThan(2 ** 20);
    expect(facts.availableMemoryBytes).toBeLessThan(facts.memoryBytes);
    expect(Object.keys(facts)).not.toEqual(
      expect.arrayContaining(['agentId', 'stamp', 'liveVersion', 'previousVersion']),
    );
    for (const free of facts.freeBytes.values()) expect(free).toBeGreaterThan(0);
    expect(await readdir(root)).toEqual([]);
  });

  test('tells what is there', async () => {
    const [a, b, c] = ['a', 'b', 'c'].map((letter) => letter.repeat(64));
    const uuid = '0b6f3c1e-8a52-4d7b-9c01-2f3e4d5c6b7a';
    const put = async (path: string, text: string, mode = 0o644): Promise<void> => {
      await mkdir(dirname(at(path)), { recursive: true });
      await writeFile(at(path), text, { mode });
    };
    await put('lib/releases/v1/manifest.json', 'one');
    await put('lib/releases/v2/manifest.json', 'two');
    await put('lib/releases/.v3.new/manifest.json', 'three');
    await put(`lib/blobs/${a}`, '12345');
    await put(`lib/blobs/${b}.gz.part`, '123');
    await put(`var/staging/${c}.zst.part`, '1');
    await put(`var/staging/${c}.from-${a}.zst.part`, '12');
    await put(`var/sessions/${uuid}.json`, '{"name": "api"}');
    await put('etc/agent-id', 'abcd1234\n');
    await put('etc/current-image', 'convocate:v2\n');
    await put('etc/allowed_signers', 'signers\n');
    await writeFile(hostFile, '[Unit]\nA=ä\ttab\n', { mode: 0o600 });
    await symlink(at('lib/releases/v2'), at('lib/current'));
    await symlink(at('lib/releases/v1'), at('lib/previous'));
    const before = await snapshot();
    const { stdout } = await run(READ_FACTS, args());
    expect(parseFacts(stdout, 'here')).toMatchObject({
      agentId: 'abcd1234',
      stamp: 'convocate:v2',
      liveVersion: 'v2',
      previousVersion: 'v1',
      allowedSigners: 'signers\n',
      releases: new Map([
        ['v1', sha256('one')],
        ['v2', sha256('two')],
      ]),
      blobs: new Map([[a, 5]]),
      parts: new Map([
        [b, 3],
        [`${c}.from-${a}`, 2],
        [c, 1],
      ]),
      sessionNames: new Map([[uuid, 'api']]),
      files: new Map([[hostFile, { text: '[Unit]\nA=ä\ttab\n', mode: 0o600 }]]),
    });
    expect(await snapshot()).toEqual(before);
  });

  /** A `docker` that answers like an engine with a session, but for these cases of its arguments; and a short patience. */
  async function withDocker(cases: string): Promise<NodeJS.ProcessEnv> {
    const info = '{"ServerVersion":"20.10.24","CgroupDriver":"systemd","LiveRestoreEnabled":true}';
    const programs = {
      docker: `gone() { echo 'Cannot connect to the Docker daemon' >&2; exit 1; }
[ ! -e ${quoteArgv([down])} ] || gone
case "$1 $2 " in
${cases}
"info --format ") case $3 in *Root*) echo / ;; *) echo '${info}' ;; esac ;;
"images -aq ") echo sha256:a ;;
"image inspect ") echo '"sha256:a" ["convocate:v1"] ["sha256:b"]' ;;
"ps -aq ") echo c ;;
"container inspect ") echo '${ofContainer}' ;;
*) exit 64 ;;
esac`,
      timeout: '[ "$1" = 15 ] || exit 125; shift; exec /usr/bin/timeout 0.2 "$@"',
    };
    await mkdir(at('bin'));
    for (const [name, text] of Object.entries(programs))
      await writeFile(at('bin', name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
    return { ...process.env, PATH: `${at('bin')}:${process.env['PATH']}` };
  }
  const ofContainer = '"c" "/convocate-session-x" "convocate:v1" "sha256:a" "2026-01-01T00:00:00Z" true';
  /** While this exists, no engine answers. */
  let down: string;
  beforeEach(() => {
    down = at('docker is down');
  });
  /** From the call on that begins so, Docker does not answer, though its client does at once. */
  const goesAwayAt = (call: string): string => `"${call} "*) touch ${quoteArgv([down])}; gone ;;`;
  const fallsSilentAt = (call: string): string => `"${call} "*) exec sleep 600 ;;`;
  const lookWith = async (cases: string): Promise<ReturnType<typeof parseFacts>> => {
    const argv = scriptArgv(READ_FACTS, ...args());
    return parseFacts(await runChecked(argv, { env: await withDocker(cases), timeoutMs: 10_000 }), 'here');
  };
  const sessionsWith = async (cases: string): Promise<CommandResult> =>
    await runCommand(scriptArgv(READ_SESSIONS), { env: await withDocker(cases), timeoutMs: 10_000 });
  /** Two were listed; one of them is gone before it can be told of. */
  const oneIsGone = `"ps -aq ") echo c; echo d ;;
"container inspect ") echo '${ofContainer}'; echo 'Error response from daemon: No such container: d' >&2; exit 1 ;;`;
  const noneCanBeTold = `"container inspect ") echo 'permission denied' >&2; exit 1 ;;`;

  test('tells what Docker has', async () => {
    expect((await lookWith('')).docker).toMatchObject({
      images: [{ id: 'sha256:a', tags: ['convocate:v1'], layers: ['b'] }],
      containers: [{ id: 'c', name: 'convocate-session-x', image: 'convocate:v1', running: true }],
    });
  });

  test('leaves out a container that went away meanwhile, and an image that is damaged', async () => {
    const damaged = `"image inspect ") echo 'Error: No such image: sha256:a' >&2; exit 1 ;;`;
    expect((await lookWith(`${oneIsGone}\n${damaged}`)).docker).toMatchObject({
      images: [],
      containers: [{ id: 'c' }],
    });
  });

  const calls = ['info', 'images', 'image inspect', 'ps', 'container inspect'];
  test.each([
    ...calls.map((call) => ['falls silent', call, fallsSilentAt(call)]),
    ...calls.map((call) => ['goes away', call, 'away']),
    ['does not tell of one', 'container inspect', noneCanBeTold],
  ])('of a Docker that %s at "%s" tells as of none, in time', async (_how, call, cases) => {
    const facts = await lookWith(cases === 'away' ? goesAwayAt(call ?? '') : (cases ?? ''));
    expect(facts.docker).toBeUndefined();
    expect(facts.freeBytes.size).toBeGreaterThan(0);
  });

  test.each([
    ['are told', '', `container\t${ofContainer}\n`],
    ['are told, without one that went away meanwhile', oneIsGone, `container\t${ofContainer}\n`],
    ['are none where Docker has none', '"ps -aq ") ;;', ''],
  ])('the sessions alone %s', async (_what, cases, stdout) => {
    expect(await sessionsWith(cases)).toMatchObject({ exitCode: 0, stdout });
  });

  test.each([
    ['falls silent at "ps"', () => fallsSilentAt('ps')],
    ['falls silent at "container inspect"', () => fallsSilentAt('container inspect')],
    ['goes away at "ps"', () => goesAwayAt('ps')],
    ['goes away at "container inspect"', () => goesAwayAt('container inspect')],
    ['does not tell of one', () => noneCanBeTold],
  ])('of a Docker that %s they are no empty list', async (_how, cases) => {
    expect((await sessionsWith(cases())).exitCode).toBe(1);
  });
});

describe('read-rollout', () => {
  const look = async (): Promise<object> => {
    const env = { ...process.env, PATH: `${at('bin')}:${process.env['PATH']}` };
    const argv = scriptArgv(READ_ROLLOUT, at('lib'), at('var'), 'no-such-unit.service');
    return parseRollout(toldLines(await runChecked(argv, { env })));
  };
  beforeEach(async () => {
    for (const directory of ['bin', 'lib', 'var/rollout']) await mkdir(at(directory), { recursive: true });
    await writeFile(at('bin/docker'), `#!/bin/sh\ntouch ${quoteArgv([at('asked')])}\n`, { mode: 0o755 });
  });

  test('tells nothing of a host that was never touched', async () => {
    expect(await look()).toEqual({});
  });

  test('tells of a rollout until it has ended, and what is live, without Docker', async () => {
    const rollout = { rollout: 3, from: 'v1', to: 'v2', previous: null, deadline_s: 160.25, window_s: 60 };
    await symlink(at('lib/releases/v2'), at('lib/current'));
    await writeFile(at('var/rollout/armed.json'), JSON.stringify(rollout));
    const open = { liveVersion: 'v2', openRollout: { from: 'v1', to: 'v2' } };
    expect(await look()).toEqual(open);
    await rename(at('var/rollout/armed.json'), at('var/rollout/returning.json'));
    expect(await look()).toEqual(open);
    const rolledBack = { from: 'v2', to: 'v1', reason: 'it is mute', at: '2026-01-02T03:04:05.678Z' };
    await rename(at('var/rollout/returning.json'), at('var/rollout/returned.json'));
    await writeFile(at('var/rollout/returned.json'), JSON.stringify(rolledBack));
    expect(await look()).toEqual({ liveVersion: 'v2', rolledBack });
    expect(await readdir(root)).not.toContain('asked');
  });
});

describe('a rollout whose record is damaged', () => {
  const unit = 'convocate-dead-man.service';
  /** A `systemctl` that says that the unit is so, and notes what it was asked, and whether the record was there yet. */
  const close = async (state: string): Promise<CommandResult> => {
    for (const directory of ['bin', 'rollout']) await mkdir(at(directory), { recursive: true });
    const note = `echo "$* $(ls ${quoteArgv([at('rollout')])} | tr '\\n' ' ')" >> ${quoteArgv([at('asked')])}`;
    const text = `#!/bin/sh\n${note}\n[ "$1" = show ] || exit 5\necho ${state}\n`;
    await writeFile(at('bin/systemctl'), text, { mode: 0o755 });
    const env = { ...process.env, PATH: `${at('bin')}:${process.env['PATH']}` };
    return await runCommand(scriptArgv(CLOSE_ROLLOUT, at('rollout'), unit), { env });
  };
  const left = async (): Promise<string[]> => (await readdir(at('rollout'))).toSorted();

  test.each(['', '{"rollout":3'])('is told as that: %j', async (record) => {
    await mkdir(at('var/rollout'), { recursive: true });
    await writeFile(at('var/rollout/armed.json'), record);
    const argv = scriptArgv(READ_ROLLOUT, at('lib'), at('var'), 'no-such-unit.service');
    expect(parseRollout(toldLines(await runChecked(argv)))).toEqual({ damagedRollout: true });
  });

  test.each(['inactive', 'failed'])(
    'is closed once its dead-man is %s, and kept to be looked at',
    async (is) => {
      await mkdir(at('rollout'));
      for (const name of ['armed.json', 'returning.json', 'number', 'armed.json.closed'])
        await writeFile(at('rollout', name), name);
      const closed = ['armed.json.closed', 'number', 'returning.json.closed'];
      for (let round = 0; round < 2; round += 1) {
        expect(await close(is)).toMatchObject({ exitCode: 0, stdout: '', stderr: '' });
        expect(await left()).toEqual(closed);
      }
      expect(await readFile(at('rollout/armed.json.closed'), 'utf8')).toBe('armed.json');
      const [first, second] = (await readFile(at('asked'), 'utf8')).split('\n');
      const before = 'armed.json armed.json.closed number returning.json ';
      expect([first, second]).toEqual([
        `stop ${unit} ${before}`,
        `show ${unit} -p ActiveState --value ${before}`,
      ]);
    },
  );

  test('stays open while its dead-man works', async () => {
    await mkdir(at('rollout'));
    await writeFile(at('rollout/returning.json'), '{');
    const stderr = `${unit} could not be stopped: it is deactivating\n`;
    expect(await close('deactivating')).toEqual({ exitCode: 1, stdout: '', stderr });
    expect(await left()).toEqual(['returning.json']);
  });
});

describe('forget-return', () => {
  const notice = (at: string): string =>
    JSON.stringify({ from: 'v2', to: 'v1', reason: 'it said "2026-01-01"', at });
  const shown = '2026-01-02T03:04:05.678Z';

  test.each([
    ['the one that was shown', shown, false],
    ['one that came since', '2026-01-02T03:04:06.678Z', true],
    ['one whose time only looks alike', '2026-01-02T03:04:05x678Z', true],
  ])('of %s', async (_what, time, stays) => {
    await writeFile(at('returned.json'), notice(time));
    expect((await run(FORGET_RETURN, [at('returned.json'), shown])).exitCode).toBe(0);
    expect((await readdir(root)).includes('returned.json')).toBe(stays);
  });

  test('is done where there is none', async () => {
    expect((await run(FORGET_RETURN, [at('returned.json'), shown])).exitCode).toBe(0);
  });
});

describe('receive-blob', () => {
  const content = Buffer.from('a program, '.repeat(5000));
  const packed = gzipSync(content);
  const digest = sha256(content);
  /** `size` is what the sender says the whole comes to, packed. */
  const receive = (offset: number, bytes: Buffer, size = offset + bytes.length): Promise<CommandResult> =>
    run(RECEIVE_BLOB, [at('blobs'), digest, String(offset), String(size)], bytes);

  test('takes a blob in one go, and says what has landed', async () => {
    expect(await receive(0, packed)).toEqual({ exitCode: 0, stdout: `ack ${packed.length}\n`, stderr: '' });
    expect(await readdir(at('blobs'))).toEqual([digest]);
    expect(await readFile(at('blobs', digest))).toEqual(content);
  });

  test('says what has landed while more comes, counted from where it began', async () => {
    const large = randomBytes(700_000);
    const name = sha256(large);
    const bytes = gzipSync(large);
    await mkdir(at('blobs'));
    await writeFile(at('blobs', `${name}.gz.part`), bytes.subarray(0, 1000));
    const args = [at('blobs'), name, '1000', String(bytes.length)];
    const { stdout, exitCode } = await run(RECEIVE_BLOB, args, bytes.subarray(1000));
    const acks = [262_144, 524_288, bytes.length - 1000].map((landed) => `ack ${landed}\n`);
    expect([exitCode, stdout]).toEqual([0, acks.join('')]);
    expect(await readFile(at('blobs', name))).toEqual(large);
  });

  test('goes on from an offset, and forgets what came after it', async () => {
    await mkdir(at('blobs'));
    await writeFile(
      at('blobs', `${digest}.gz.part`),
      Buffer.concat([packed.subarray(0, 50), Buffer.from('garbage')]),
    );
    expect((await receive(50, packed.subarray(50))).exitCode).toBe(0);
    expect(await readFile(at('blobs', digest))).toEqual(content);
    expect(await readdir(at('blobs'))).toEqual([digest]);
  });

  test('keeps what it acknowledged before a cut', async () => {
    const large = randomBytes(700_000);
    const name = sha256(large);
    const bytes = gzipSync(large);
    const child = start(RECEIVE_BLOB, [at('blobs'), name, '0', String(bytes.length)]);
    child.stdin?.on('error', () => {}); // part of what was written is never read
    child.stdin?.write(bytes.subarray(0, 300_000));
    expect(await firstLine(child)).toBe('ack 262144');
    process.kill(-(child.pid ?? 0), 'SIGKILL'); // the whole process group, as a power cut
    await once(child, 'close');
    const part = `${name}.gz.part`;
    expect(await readdir(at('blobs'))).toEqual([part]);
    expect((await readFile(at('blobs', part))).equals(bytes.subarray(0, 262_144))).toBe(true);
    const args = [at('blobs'), name, '262144', String(bytes.length)];
    expect((await run(RECEIVE_BLOB, args, bytes.subarray(262_144))).exitCode).toBe(0);
    expect((await readFile(at('blobs', name))).equals(large)).toBe(true);
  });

  test('that ends early is told apart from a damaged one: what came is kept, and taken up again', async () => {
    expect((await receive(0, packed.subarray(0, 40), packed.length)).exitCode).toBe(8);
    expect(await readdir(at('blobs'))).toEqual([`${digest}.gz.part`]);
    expect((await receive(40, packed.subarray(40))).exitCode).toBe(0);
    expect(await readFile(at('blobs', digest))).toEqual(content);
  });

  test.each([
    ['no gzip', Buffer.from('not gzip')],
    ['cut short', packed.subarray(0, packed.length - 4)],
    ['of another content', gzipSync('another program')],
    ['empty', Buffer.alloc(0)],
  ])('a blob that is %s ends with 9 and leaves nothing', async (_what, bytes) => {
    expect((await receive(0, bytes)).exitCode).toBe(9);
    expect(await readdir(at('blobs'))).toEqual([]);
  });

  test('a disk without room for what was unpacked is no damage: what came is kept', async () => {
    await mkdir(at('blobs'));
    await symlink('/dev/full', at('blobs', `${digest}.tmp`));
    const { exitCode, stderr } = await receive(0, packed);
    expect([exitCode, stderr]).toEqual([1, expect.stringContaining('it arrived whole, and could not be')]);
    expect((await readFile(at('blobs', `${digest}.gz.part`))).equals(packed)).toBe(true);
  });

  test('a damaged one does not touch the blob that is there', async () => {
    await receive(0, packed);
    expect((await receive(0, gzipSync('another'))).exitCode).toBe(9);
    expect(await readdir(at('blobs'))).toEqual([digest]);
    expect(await readFile(at('blobs', digest))).toEqual(content);
  });
});

const write = (text: string, mode = '600'): Promise<CommandResult> =>
  run(WRITE_FILE, [at('deep/er/file'), mode], text);

describe('write-file', () => {
  test('makes the file and its folder, private whatever the umask is', async () => {
    expect(await write('secret\n')).toEqual({ exitCode: 0, stdout: 'changed\n', stderr: '' });
    expect(await readFile(at('deep/er/file'), 'utf8')).toBe('secret\n');
    expect([await modeOf(at('deep/er/file')), await modeOf(at('deep/er'))]).toEqual([0o600, 0o700]);
  });

  test('says "same" and leaves the very file where nothing is other', async () => {
    await write('text\n\n');
    const look = async (): Promise<unknown[]> => {
      const [file, directory] = [await stat(at('deep/er/file')), await stat(at('deep/er'))];
      return [file.ino, file.mtimeMs, directory.mtimeMs];
    };
    const before = await look();
    expect((await write('text\n\n')).stdout).toBe('same\n');
    expect(await look()).toEqual(before);
    expect(await readdir(at('deep/er'))).toEqual(['file']);
    expect((await write('text\n')).stdout).toBe('changed\n');
    expect(await readFile(at('deep/er/file'), 'utf8')).toBe('text\n');
  });

  test('replaces it as one step, so that who has it open or linked keeps the old text', async () => {
    await write('old');
    await link(at('deep/er/file'), at('held'));
    expect((await write('new')).stdout).toBe('changed\n');
    expect([await readFile(at('deep/er/file'), 'utf8'), await readFile(at('held'), 'utf8')]).toEqual([
      'new',
      'old',
    ]);
  });

  test('mends a mode that drifted', async () => {
    await write('key', '644');
    expect((await write('key', '600')).stdout).toBe('changed\n');
    expect(await modeOf(at('deep/er/file'))).toBe(0o600);
  });
});

const started: ChildProcess[] = [];

/** In a process group of its own, so that all of it can be killed at once. */
function start(script: HostScript, args: readonly string[]): ChildProcess {
  const child = startProcess(['setsid', '--wait', ...scriptArgv(script, ...args)], {
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  started.push(child);
  return child;
}

async function firstLine(child: ChildProcess): Promise<string> {
  if (!child.stdout) throw new Error('no pipe');
  const [line] = (await withDeadline(
    once(createInterface({ input: child.stdout }), 'line'),
    5000,
    'a line',
  )) as [string];
  return line;
}

const places = (): string[] => [at('rollout'), at('run/work'), at('open/old.lock'), at('open/old.work')];
const hold = (who: string): ChildProcess => start(HOLD_LOCK, [at('run/lock'), who, ...places()]);

const look = async (): Promise<string> => (await run(LOOK_AT_LOCK, [at('run/lock')])).stdout;

describe('the rollout lock', () => {
  test('is taken once; the second is told by whom, and ends with 3', async () => {
    const first = hold("by anna on shell since 'then' $(id)");
    expect(await firstLine(first)).toBe('locked 1');
    const second = hold('by bert');
    expect(await firstLine(second)).toBe("held by anna on shell since 'then' $(id)");
    expect(await exitOf(second)).toBe(3);
    expect(await look()).toBe("by anna on shell since 'then' $(id)\n");
  });

  test('ends when its holder closes stdin, and is free for the next', async () => {
    const first = hold('by anna');
    await firstLine(first);
    first.stdin?.end();
    expect(await exitOf(first)).toBe(0);
    expect(await look()).toBe('');
    expect((await readdir(root)).toSorted()).toEqual(['rollout', 'run']);
    expect((await readdir(at('run'))).toSorted()).toEqual(['lock', 'work']);
    expect(await firstLine(hold('by bert'))).toBe('locked 2');
  });

  test('ends when its holder is killed', async () => {
    const first = hold('by anna');
    await firstLine(first);
    first.kill('SIGKILL');
    await exitOf(first);
    expect(await look()).toBe('');
    const second = hold('by bert');
    expect(await firstLine(second)).toBe('locked 2');
    expect(await look()).toBe('by bert\n');
  });

  test('lives as long as its holder speaks', async () => {
    const first = hold('by anna');
    await firstLine(first);
    for (let round = 0; round < 5; round += 1) first.stdin?.write('\n');
    expect(await look()).toBe('by anna\n');
    expect(first.exitCode).toBe(null);
  });

  test('ends by itself when nothing is heard for 20 s', { timeout: 40_000 }, async () => {
    const first = hold('by anna');
    await firstLine(first);
    const startedAt = performance.now();
    expect(await withDeadline(exitOf(first), 30_000, 'the end of the lock')).toBe(1);
    expect(performance.now() - startedAt).toBeGreaterThan(18_000);
    expect(await look()).toBe('');
  });

  test('cannot be taken where its folder cannot be made: that is an error, not a lock', async () => {
    expect((await run(HOLD_LOCK, [at('no/run/lock'), 'by anna', ...places()], '')).exitCode).toBe(1);
    expect(await run(LOOK_AT_LOCK, [at('no/run/lock')])).toEqual({ exitCode: 0, stdout: '', stderr: '' });
  });

  test("lies in a folder that is root's alone, whatever the umask is", async () => {
    await mkdir(at('run'), { mode: 0o777 });
    await firstLine(hold('by anna'));
    expect(await modeOf(at('run'))).toBe(0o700);
  });

  test.each([
    ['a link', () => symlink(at('elsewhere'), at('run'))],
    ['a file', () => writeFile(at('run'), '')],
    ['the folder of another user', () => mkdir(at('run')).then(() => chown(at('run'), 1, 1))],
  ])('is not taken where %s lies in the place of its folder', async (_what, put) => {
    await mkdir(at('elsewhere'));
    await put();
    const { exitCode, stderr } = await run(HOLD_LOCK, [at('run/lock'), 'by anna', ...places()], '');
    expect([exitCode, stderr]).toEqual([1, `${at('run')} is not a directory of root's alone\n`]);
    expect(await readdir(at('elsewhere'))).toEqual([]);
  });

  test('is not there before anybody took it, and looking makes none', async () => {
    expect(await look()).toBe('');
    expect(await readdir(root)).toEqual([]);
  });
});

describe('the lock at its old place, where every user could open it', () => {
  const old = (): string => at('open/old.lock');
  beforeEach(async () => {
    await mkdir(at('open'));
    await chmod(at('open'), 0o1777);
    await chmod(root, 0o755);
  });
  const flock = (file: string, who: readonly string[], ...how: string[]): ChildProcess => {
    const words = [...who, 'flock', '-n', ...how, file, 'sh', '-c', 'echo held; exec sleep 600'];
    const child = startProcess(['setsid', '--wait', ...words], { stdio: ['pipe', 'pipe', 'pipe'] });
    started.push(child);
    return child;
  };
  const nobody = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'];
  const isFree = async (): Promise<boolean> =>
    (await runCommand(['flock', '-n', old(), 'true'])).exitCode === 0;
  const end = async (child: ChildProcess): Promise<void> => {
    process.kill(-(child.pid ?? 0), 'SIGKILL');
    await exitOf(child);
  };

  test('is held as well, so that a prune of an earlier release keeps out', async () => {
    const first = hold('by anna');
    expect(await firstLine(first)).toBe('locked 1');
    expect([await isFree(), await modeOf(old())]).toEqual([false, 0o600]);
    first.stdin?.end();
    await exitOf(first);
    expect(await isFree()).toBe(true);
  });

  test("is respected where root's own rollout of an earlier release holds it", async () => {
    const earlier = flock(old(), []);
    await firstLine(earlier);
    expect(await firstLine(hold('by anna'))).toBe('held by a rollout or a prune of an earlier release');
    await end(earlier);
    expect(await firstLine(hold('by anna'))).toBe('locked 1');
  });

  test('stops nobody where another user holds it, and is held all the same', async () => {
    await writeFile(old(), '', { mode: 0o644 });
    const stranger = flock(old(), nobody, '-s');
    await firstLine(stranger);
    const first = hold('by anna');
    expect(await firstLine(first)).toBe('locked 1');
    expect([await isFree(), await modeOf(old())]).toEqual([false, 0o600]);
    expect((await runCommand([...nobody, 'cat', old()])).exitCode).not.toBe(0);
  });

  test.each([
    ['a link', () => symlink(at('victim'), old())],
    ['a link to what root has open', () => symlink('/dev/null', old())],
    ['a second name of a file', () => link(at('victim'), old())],
    ['a file of their own', () => writeFile(old(), 'theirs').then(() => chown(old(), 65_534, 65_534))],
    ['a folder', () => mkdir(old())],
  ])('is put right where another user has put %s there', async (_what, put) => {
    await writeFile(at('victim'), 'untouched', { mode: 0o640 });
    await put();
    expect(await firstLine(hold('by anna'))).toBe('locked 1');
    expect([await isFree(), await modeOf(old())]).toEqual([false, 0o600]);
    expect([await readFile(at('victim'), 'utf8'), await modeOf(at('victim'))]).toEqual(['untouched', 0o640]);
  });

  test('is put right where another user puts a pipe there, and puts it back in a loop', async () => {
    // Whoever opened one would wait for ever for its other end.
    const loop = 'use POSIX; for (;;) { mkfifo($_, 0666) && syswrite(STDOUT, "on\\n") for @ARGV }';
    const files = [old(), at('open/old.work')];
    const stranger = startProcess([...nobody, 'perl', '-e', loop, ...files], {
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    started.push(stranger);
    await firstLine(stranger);
    stranger.stdout?.resume();
    const first = hold('by anna');
    expect(await firstLine(first)).toBe('locked 1');
    expect([await isFree(), await modeOf(old()), await modeOf(at('open/old.work'))]).toEqual([
      false,
      0o600,
      0o600,
    ]);
    const argv = scriptArgv(FENCE, ...places().toSpliced(2, 1), '1', 'echo', 'on');
    expect((await runCommand(argv, { timeoutMs: 5000 })).stdout).toBe('on\n');
    expect((await readdir(at('open'))).toSorted()).toEqual(['old.lock', 'old.work']);
  });

  test('tells an earlier release of the work under way, and that release ends it', async () => {
    await firstLine(hold('by anna'));
    const argv = scriptArgv(FENCE, ...places().toSpliced(2, 1), '1', 'sh', '-c', 'echo on; exec sleep 600');
    const work = startProcess(argv, { stdio: ['pipe', 'pipe', 'pipe'] });
    started.push(work);
    await firstLine(work);
    // As its dead-man does: whoever has it open as descriptor 8 is at work.
    expect(await readlink(`/proc/${work.pid}/fd/8`)).toBe(at('open/old.work'));
    expect((await runCommand(['flock', '-n', at('open/old.work'), 'true'])).exitCode).toBe(1);
    work.kill('SIGKILL');
    await exitOf(work);
    expect((await runCommand(['flock', '-n', at('open/old.work'), 'true'])).exitCode).toBe(0);
  });

  test.each([
    ["root's", 0],
    ["another user's", 65_534],
  ])('work of an earlier release is ended by the next holder, where its lock is %s', async (_whose, uid) => {
    await writeFile(at('open/old.work'), '');
    await chown(at('open/old.work'), uid, uid);
    const words = 'exec 8>>"$1"; flock -s 8; echo on; exec sleep 600';
    const work = startProcess(['sh', '-c', words, 'work', at('open/old.work')], {
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    started.push(work);
    await firstLine(work);
    expect(await firstLine(hold('by bert'))).toBe('locked 1');
    expect(await withDeadline(exitOf(work), 1000, 'the end of the work')).toBe(128 + 15);
    expect((await stat(at('open/old.work'))).uid).toBe(0); // or its owner could put a pipe there, to be opened
  });
});

describe('a command that is run as the holder of the lock', () => {
  const locked = (...argv: string[]): string[] => [
    ...['sh', '-c', RUN_LOCKED, 'run-locked', at('run/lock'), at('open/old.lock'), 'by anna'],
    ...argv,
  ];
  const say = ['sh', '-c', 'echo "$CONVOCATE_ROLLOUT_LOCK $*"; exit 5', 'sh'];

  test('gets its words, is told so, and its exit code comes back', async () => {
    expect(await runCommand(locked(...say, "it's", '$(id)'))).toEqual({
      exitCode: 5,
      stdout: "held it's $(id)\n",
      stderr: '',
    });
    expect(await modeOf(at('run'))).toBe(0o700);
  });

  test('keeps the lock until it ends, and says who has it', async () => {
    const holder = startProcess(locked('sh', '-c', 'echo on; exec sleep 600'), {
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    started.push(holder);
    expect(await firstLine(holder)).toBe('on');
    expect(await firstLine(hold('by bert'))).toBe('held by anna');
    expect(await runCommand(locked(...say))).toEqual({ exitCode: 76, stdout: '', stderr: '' });
    holder.kill('SIGKILL');
    await exitOf(holder);
    expect((await runCommand(locked(...say))).exitCode).toBe(5);
  });

  test('is not run while a rollout is under way, of this release or an earlier one', async () => {
    const rollout = hold('by bert');
    await firstLine(rollout);
    expect((await runCommand(locked(...say))).exitCode).toBe(76);
    await rm(at('open'), { recursive: true, force: true });
    rollout.stdin?.end();
    await exitOf(rollout);
    await mkdir(at('open'));
    const earlier = startProcess(['flock', at('open/old.lock'), 'sh', '-c', 'echo on; exec sleep 600'], {
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    started.push(earlier);
    await firstLine(earlier);
    expect((await runCommand(locked(...say))).exitCode).toBe(76);
  });
});

test('no script is built from what varies: arguments are only ever arguments', async () => {
  const evil = at('$(touch pwned); `touch pwned`; "; touch pwned; \'');
  await run(WRITE_FILE, [join(evil, 'file'), '600'], 'x');
  await run(RECEIVE_BLOB, [evil, 'a'.repeat(64), '0', '0'], '');
  await run(LOOK_AT_LOCK, [evil]);
  expect((await readdir(root)).map((name) => join(root, name))).toEqual([evil]);
  expect(await readlink('/proc/self/cwd')).not.toBe(root);
});

describe('the fence', () => {
  const fenced = (number: string, ...argv: string[]): string[] =>
    scriptArgv(FENCE, at('rollout'), at('run/work'), at('open/old.work'), number, ...argv);
  const free = async (holder: ChildProcess): Promise<void> => {
    holder.stdin?.end();
    await exitOf(holder);
  };

  test('lets through what comes with the newest number, words and exit code untouched', async () => {
    await firstLine(hold('by anna'));
    const words = 'printf "%s|" "$CONVOCATE_ROLLOUT_LOCK" "$@"; exit 5';
    const argv = fenced('1', 'sh', '-c', words, 'sh', "it's", '$(id)', '');
    expect(await runCommand(argv)).toEqual({ exitCode: 5, stdout: "held|it's|$(id)||", stderr: '' });
    expect(await runCommand(fenced('1', 'cat'), { input: 'passed on' })).toMatchObject({
      stdout: 'passed on',
    });
  });

  test('keeps out whoever lost the lock, also to somebody who has let go of it', async () => {
    const first = hold('by anna');
    await firstLine(first);
    await free(first);
    const second = hold('by bert');
    expect(await firstLine(second)).toBe('locked 2');
    const late = await runCommand(fenced('1', 'touch', at('changed')));
    expect(late).toEqual({
      exitCode: 75,
      stdout: '',
      stderr: 'fenced off: rollout 1 lost this host to rollout 2\n',
    });
    await free(second);
    expect((await runCommand(fenced('1', 'touch', at('changed')))).exitCode).toBe(75);
    expect(await readdir(root)).not.toContain('changed');
  });

  test('the next holder ends what still works for the one before, and waits until it has', async () => {
    const first = hold('by anna');
    await firstLine(first);
    const work = startProcess(fenced('1', 'sh', '-c', 'echo on; trap "" TERM; while :; do sleep 1; done'), {
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    await firstLine(work);
    await free(first);
    expect(await firstLine(hold('by bert'))).toBe('locked 2');
    expect(await withDeadline(exitOf(work), 1000, 'the end of the work')).toBe(128 + 9);
  }, 20_000);

  test('goes on from a number that is damaged at one no rollout ever had', async () => {
    await mkdir(at('rollout'));
    await writeFile(at('rollout', 'number'), 'garbage');
    const [, number] = (await firstLine(hold('by anna'))).split(' ');
    expect(Number(number)).toBeGreaterThan(1_700_000_000);
  });
});
