// The session image, built for real (Debian, minimal toolchain) and run as an agent runs it.
import { createHash, randomUUID } from 'node:crypto';
import { appendFile, cp, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { ensureBaseImage } from '../../lab/base-image.ts';
import { pollUntil } from '../../src/base/deadline.ts';
import type { Docker } from '../../lab/docker.ts';
import { openEngine } from '../../lab/engine.ts';

const scripts = '/usr/local/lib/convocate-session';
const imageDirectory = join(import.meta.dirname, '../../image');
const run = randomUUID().slice(0, 8);
const label = `convocate.test=session-image-${run}`;
const image = `convocate-test-session:${run}`;

let docker: Docker;
let toolchain: string;

beforeAll(async () => {
  docker = (await openEngine()).docker;
  const base = await ensureBaseImage(docker, 'bookworm');
  toolchain = await ensureToolchain(base);
  await buildSessionImage(image, imageDirectory);
}, 600_000);

afterEach(removeContainers);

afterAll(async () => {
  await removeContainers();
  await docker.run([
    'rmi',
    '--force',
    ...(await docker.lines(['images', '--quiet', '--filter', `label=${label}`])),
  ]);
});

describe('the end of a session', () => {
  test.each([
    ['exit 0', 0, 'the command ended (exit code 0)'],
    ['exit 3', 3, 'the command ended (exit code 3)'],
    ['kill -KILL $$', 137, 'the command ended (exit code 137)'],
    ['no-such-program', 127, 'command not found: no-such-program (exit code 127)'],
    ['/etc/passwd', 126, 'cannot be executed: /etc/passwd (exit code 126)'],
  ])('`%s` ends the container with %i', async (command, exitCode, reason) => {
    const session = await startSession({ CONVOCATE_COMMAND: command });
    expect(await session.exitCode()).toBe(exitCode);
    expect(await session.log()).toContain(`convocate-session: end: ${reason}`);
  });

  test('the log shows what the operator would have seen last', async () => {
    const session = await startSession({ CONVOCATE_COMMAND: 'echo the disk is full; exit 5' });
    expect(await session.exitCode()).toBe(5);
    expect((await session.log()).split('\n')).toEqual([
      'convocate-session: start: uid 1337, gid 1337, command: echo the disk is full; exit 5',
      'convocate-session: | the disk is full',
      'convocate-session: end: the command ended (exit code 5)',
    ]);
  });

  test.each(['sleep 600', "trap '' HUP TERM; sleep 600"])(
    'TERM ends `%s`, before Docker kills it',
    async (command) => {
      const session = await startSession({ CONVOCATE_COMMAND: command });
      await session.screenReady();
      await docker.run(['stop', '--time', '10', session.id]);
      expect(await session.exitCode()).toBe(143); // a KILL gives 137
    },
  );

  test('the command is told and may save its work', async () => {
    const session = await startSession({
      CONVOCATE_COMMAND:
        "trap 'sudo tee /proc/1/fd/1 <<< saved >/dev/null; exit' HUP; while :; do sleep 0.05; done",
    });
    await session.screenReady();
    await docker.run(['stop', session.id]);
    expect(await session.log()).toContain('saved');
  });

  test('a killed tmux server is not a success', async () => {
    const session = await startSession({ CONVOCATE_COMMAND: 'sleep 600' });
    await session.screenReady();
    await session.tmux('kill-server');
    expect(await session.exitCode()).toBe(129);
  });

  test('a stopped container starts again', async () => {
    const session = await startSession({ CONVOCATE_COMMAND: 'sleep 600' });
    await session.screenReady();
    await docker.run(['stop', session.id]);
    await docker.run(['start', session.id]);
    await session.screenReady();
    expect(await session.script('clients')).toBe('0');
  });

  test('wrong settings are refused', async () => {
    const session = await startSession({ CONVOCATE_UID: '0' });
    expect(await session.exitCode()).toBe(64);
    expect(await session.log()).toContain("CONVOCATE_UID '0'");
  });
});

describe('what the command sees', () => {
  test.each([{}, { CONVOCATE_UID: '2000', CONVOCATE_GID: '2001' }])('with settings %o', async (settings) => {
    const [uid, gid] = 'CONVOCATE_UID' in settings ? [2000, 2001] : [1337, 1337];
    const report =
      'id --user; id --group; id --user --name; pwd; sudo id --user; env | sort; echo END; sleep 600';
    const session = await startSession({ ...settings, API_KEY: 'a b;$c', CONVOCATE_COMMAND: report });
    const lines = (await session.screenShowing('END')).split('\n');
    expect(lines.slice(0, 5)).toEqual([`${uid}`, `${gid}`, 'claude', '/home/claude', '0']);
    expect(lines).toContain('HOME=/home/claude');
    expect(lines).toContain('USER=claude');
    expect(lines).toContain('SHELL=/bin/bash');
    expect(lines).toContain('LANG=C.UTF-8');
    expect(lines).toContain('TERM=tmux-256color');
    expect(lines).toContain('API_KEY=a b;$c');
    expect(lines.filter((line) => line.startsWith('CONVOCATE_'))).toEqual([]);
  });

  test('a home that is an empty directory of the host will do', async () => {
    const session = await startSession({ CONVOCATE_COMMAND: 'ls -A ~ | wc -l' }, [
      '--tmpfs',
      '/home/claude:uid=1337',
    ]);
    expect(await session.exitCode()).toBe(0);
  });

  test.each([
    ['history-limit', '50000'],
    ['escape-time', '10'],
    ['mouse', 'on'],
    ['focus-events', 'on'],
    ['set-clipboard', 'on'],
    ['window-size', 'latest'],
    ['default-terminal', 'tmux-256color'],
  ])('tmux has %s %s', async (option, value) => {
    const session = await startSession({ CONVOCATE_COMMAND: 'sleep 600' });
    await session.screenReady();
    expect(await session.tmux('show-options', '-Agqv', option)).toBe(value);
  });

  test('tmux has nothing to say against its configuration', async () => {
    const session = await startSession({ CONVOCATE_COMMAND: 'sleep 600' });
    await session.screenReady();
    expect(await session.tmux('source-file', '/etc/convocate-session/tmux.conf')).toBe('');
  });
});

describe('attaching', () => {
  test('clients are counted, and detached one by one or all', async () => {
    const session = await startSession({ CONVOCATE_COMMAND: 'sleep 600' });
    await session.attach(['--client-id', 'a-1'], 'xterm-256color');
    await session.attach(['--client-id', 'a-12', '--read-only'], 'from-the-future');
    await session.attach([], 'xterm-256color');
    await session.clientsToBe(3);
    expect(await session.tmux('list-clients', '-F', '#{client_termname} #{client_readonly}')).toBe(
      'xterm-256color 0\nxterm-256color 1\nxterm-256color 0',
    );

    await session.script('detach-client', 'a-1');
    await session.clientsToBe(2);
    expect(await session.tmux('list-clients', '-F', '#{client_readonly}')).toBe('1\n0');
    await expect(session.script('detach-client', 'a-1')).rejects.toThrow('exited with 1');
    await expect(session.script('detach-client', '.*')).rejects.toThrow('exited with 2');

    await session.script('detach-all');
    await session.clientsToBe(0);
    expect(await session.script('detach-all')).toBe('');
    expect(await session.isRunning()).toBe(true);
  });

  test('an attach that comes before the session is up waits for it', async () => {
    const session = await startSession({ CONVOCATE_COMMAND: 'sleep 600' });
    await session.attach([], 'xterm-256color');
    await session.clientsToBe(1);
  });
});

describe('the image', () => {
  test('proves itself', async () => {
    const args = ['--rm', '--label', label, '--network', 'none', '--entrypoint', `${scripts}/check`, image];
    expect(await docker.run(['run', ...args])).toBe('ok');
  });

  test('one changed byte of ours changes the last layer alone, and that is small', async () => {
    const changed = `${image}-changed`;
    const context = await mkdtemp(join(tmpdir(), 'session-image-'));
    try {
      await cp(imageDirectory, context, { recursive: true });
      await appendFile(join(context, 'rootfs/etc/convocate-session/tmux.conf'), '\n');
      await buildSessionImage(changed, context);
    } finally {
      await rm(context, { recursive: true, force: true });
    }
    const [before, after] = [await layersOf(image), await layersOf(changed)];
    expect(after.slice(0, -1)).toEqual(before.slice(0, -1));
    expect(after.at(-1)).not.toBe(before.at(-1));
    expect(before.slice(0, -1)).toEqual(await layersOf(toolchain));
    const sizes = await docker.lines([
      'history',
      '--human=false',
      '--format',
      '{{.Size}} {{.CreatedBy}}',
      changed,
    ]);
    const own = sizes.find((line) => line.includes('COPY'));
    expect(Number.parseInt(own ?? '', 10)).toBeGreaterThan(0);
    expect(Number.parseInt(own ?? '', 10)).toBeLessThan(64 * 1024);
  });
});

/** Kept between runs: it takes ten seconds and Debian's mirror, and changes only with its recipe. */
async function ensureToolchain(base: string): Promise<string> {
  const context = join(imageDirectory, 'toolchain');
  const recipe = createHash('sha256').update(base);
  for (const name of (await readdir(context)).sort()) recipe.update(await readFile(join(context, name)));
  const tag = `convocate-test-toolchain:${recipe.digest('hex').slice(0, 12)}`;
  if (await docker.hasImage(tag)) return tag;
  const args = ['--build-arg', `BASE_IMAGE=${base}`, '--build-arg', 'TOOLCHAIN=minimal', '--network', 'host'];
  await docker.run(['build', '--label', 'convocate.test=toolchain', '--tag', tag, ...args, context]);
  return tag;
}

async function buildSessionImage(tag: string, context: string): Promise<void> {
  const args = ['--label', label, '--build-arg', `TOOLCHAIN_IMAGE=${toolchain}`];
  await docker.run(['build', '--tag', tag, ...args, context]);
}

async function layersOf(tag: string): Promise<string[]> {
  return JSON.parse(
    await docker.run(['image', 'inspect', '--format', '{{json .RootFS.Layers}}', tag]),
  ) as string[];
}

async function removeContainers(): Promise<void> {
  const ids = await docker.lines(['ps', '--all', '--quiet', '--filter', `label=${label}`]);
  if (ids.length > 0) await docker.run(['rm', '--force', '--volumes', ...ids]);
}

async function startSession(environment: Record<string, string>, args: string[] = []): Promise<Session> {
  const variables = Object.entries(environment).flatMap(([name, value]) => ['--env', `${name}=${value}`]);
  return new Session(
    await docker.run(['run', '--detach', '--init', '--label', label, ...variables, ...args, image]),
  );
}

/** A container of the image under test. */
class Session {
  readonly id: string;
  constructor(id: string) {
    this.id = id;
  }

  async exitCode(): Promise<number> {
    return Number(await docker.run(['wait', this.id], { timeoutMs: 10_000 }));
  }

  log(): Promise<string> {
    return docker.run(['logs', this.id]);
  }

  async isRunning(): Promise<boolean> {
    return (await docker.run(['inspect', '--format', '{{.State.Running}}', this.id])) === 'true';
  }

  script(name: string, ...args: string[]): Promise<string> {
    return docker.run(['exec', '--user', 'claude', this.id, `${scripts}/${name}`, ...args]);
  }

  /** As an agent attaches, but nobody reads the terminal. */
  async attach(args: string[], term: string): Promise<void> {
    const asClaude = ['--detach', '--tty', '--user', 'claude', '--env', `TERM=${term}`];
    await docker.run(['exec', ...asClaude, this.id, `${scripts}/attach`, ...args]);
  }

  tmux(...args: string[]): Promise<string> {
    const tmux = ['tmux', '-S', '/run/convocate-session/tmux.sock', ...args];
    return docker.run(['exec', '--user', 'claude', this.id, ...tmux]);
  }

  async screenReady(): Promise<void> {
    // The command itself is below `run-command` in the list of processes once the session is up.
    await pollUntil(
      async () => ((await docker.run(['top', this.id])).includes('sleep ') ? true : undefined),
      { timeoutMs: 5000, intervalMs: 100, what: 'the session runs its command' },
    );
  }

  async screenShowing(text: string): Promise<string> {
    return pollUntil(
      async () => {
        const screen = await this.tmux('capture-pane', '-p', '-S', '-').catch(() => '');
        return screen.includes(`\n${text}`) ? screen : undefined;
      },
      { timeoutMs: 5000, intervalMs: 100, what: `the screen shows ${text}` },
    );
  }

  async clientsToBe(count: number): Promise<void> {
    await pollUntil(async () => ((await this.script('clients')) === String(count) ? true : undefined), {
      timeoutMs: 5000,
      intervalMs: 100,
      what: `${count} clients are attached`,
    });
  }
}
