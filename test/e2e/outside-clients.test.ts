// The wire contract from outside: OpenSSH's own programs against the listeners on 222 and 223, from what docs/reference/wire-tables.md says alone.
// What works, what is refused, and that damaged input changes nothing and ends nothing.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { pollUntil } from '../../src/base/deadline.ts';
import { containerNameOf } from '../../src/protocol/host-layout.ts';
import type { Lab } from '../../lab/lab.ts';
import type { Machine } from '../../lab/machine.ts';
import { freshCluster } from './support/fresh-lab.ts';
import { OutsideSsh, type RpcAnswer } from './support/outside-ssh.ts';
import { expectNothingChanged } from './support/refusal.ts';
import { buildRelease } from './support/releases.ts';
import { installStandIn, standInState } from './support/session-stand-in.ts';
import { waitUntilShellSees } from './support/sessions.ts';
import { Terminal } from './support/terminal.ts';

const labName = 'outside-test';
const setUpMs = 15 * 60_000;
const knownHosts = '/root/outside-known-hosts';
const unknownId = '6f1c2f9e-58c5-4c0a-9a53-1f0f3d3f9b11';

let lab: Lab;
let shell: Machine;
let agent: Machine;
let idA: string;
let idB: string;
/** With the cluster's own key for agent-a. */
let rpc: OutsideSsh;

interface SessionObject {
  readonly uuid: string;
  readonly [field: string]: unknown;
}

function resultOf(answer: RpcAnswer): unknown {
  if (!answer.ok) throw new Error(`${answer.code}: ${answer.error}`);
  return answer.result;
}

async function newSession(name: string): Promise<string> {
  return (resultOf(await rpc.call('create', { name })) as SessionObject).uuid;
}

async function unitState(machine: Machine, unit: string): Promise<string> {
  return (await machine.run(['systemctl', 'show', unit, '--property=MainPID,NRestarts,ActiveState'])).stdout;
}

/** Columns and rows of the one client of the session's tmux. */
async function sizeOf(uuid: string): Promise<string | undefined> {
  const tmux = [
    'tmux',
    '-S',
    '/run/convocate-session/tmux.sock',
    'list-clients',
    '-F',
    '#{client_width}x#{client_height}',
  ];
  const asClaude = ['docker', 'exec', '--user', 'claude', containerNameOf(uuid), ...tmux];
  return (await agent.exec(asClaude)).stdout.trim() || undefined;
}

async function waitForSize(uuid: string, size: string): Promise<string | undefined> {
  const isThat = async (): Promise<string | undefined> => ((await sizeOf(uuid)) === size ? size : undefined);
  return await pollUntil(isThat, { timeoutMs: 15_000, intervalMs: 100, what: size }).catch(() =>
    sizeOf(uuid),
  );
}

async function sessionOnB(): Promise<string> {
  const argv = ['convocate', 'new', 'of-b', '--agent', 'agent-b', '--json'];
  const { stdout } = await shell.run(argv, { user: 'claude' });
  return (JSON.parse(stdout) as SessionObject).uuid;
}

beforeAll(async () => {
  const tree = await buildRelease({ version: 'v0.8.30' });
  lab = await freshCluster({ name: labName, agents: 2, tree });
  shell = lab.shell;
  agent = lab.agent(0);
  await installStandIn(agent);
  [idA, idB] = (await Promise.all(
    lab.agents.map(async (one) => (await one.readFile('/etc/convocate-agent/agent-id')).trim()),
  )) as [string, string];
  const hostKey = await shell.readFile(`/etc/convocate/agent-keys/${idA}/agent_host_key.pub`);
  await shell.writeFile(knownHosts, `[agent-a]:222 ${hostKey}`);
  const key = `/etc/convocate/agent-keys/${idA}/shell_to_agent_key`;
  rpc = new OutsideSsh(shell, { key, host: 'agent-a', port: 222, knownHosts });
  await waitUntilShellSees(shell, ['agent-a', 'agent-b']);
}, setUpMs);

afterAll(() => lab?.close());

describe('convocate-agent-rpc with ssh -s', () => {
  test('ping and settings-get answer', async () => {
    expect(resultOf(await rpc.call('ping'))).toMatchObject({
      agent_id: idA,
      version: 'v0.8.30',
      image_tag: 'convocate:v0.8.30',
    });
    expect(resultOf(await rpc.call('settings-get'))).toMatchObject({ profile: 'boxed', share_ssh: false });
  });

  test('a session is made, got, listed, started, killed and deleted, each time for real', async () => {
    const made = resultOf(await rpc.call('create', { name: 'from-outside', port: -1 })) as SessionObject;
    const { uuid } = made;
    expect(made).toMatchObject({ name: 'from-outside', agent_id: idA, running: false, protocol: 'tcp' });
    expect(made['port']).toBeGreaterThanOrEqual(1001);
    const home = await agent.run(['stat', '--format=%u:%g', `/home/claude/${uuid}`]);
    expect(home.stdout).toBe('1337:1337\n');
    expect(resultOf(await rpc.call('get', { id: uuid }))).toEqual(made);
    expect(resultOf(await rpc.call('list'))).toEqual([made]);

    expect(await rpc.call('restart', { id: uuid })).toEqual({ ok: true, result: null });
    const running = resultOf(await rpc.call('get', { id: uuid })) as SessionObject;
    const inspect = ['docker', 'inspect', '--format', '{{.Id}} {{.State.Running}}', containerNameOf(uuid)];
    expect((await agent.run(inspect)).stdout).toBe(`${String(running['container_id'])} true\n`);
    expect(running).toMatchObject({ running: true, image: 'convocate:v0.8.30' });
    expect(await rpc.call('restart', { id: uuid })).toMatchObject({ ok: false, code: 'conflict' });

    expect(await rpc.call('kill', { id: uuid })).toEqual({ ok: true, result: null });
    expect((await agent.run(inspect)).stdout).toMatch(/ false\n$/);
    await agent.run(['test', '-d', `/home/claude/${uuid}`]);

    expect(await rpc.call('delete', { id: uuid })).toEqual({ ok: true, result: null });
    expect((await agent.exec(['docker', 'inspect', containerNameOf(uuid)])).exitCode).toBe(1);
    expect((await agent.exec(['test', '-e', `/home/claude/${uuid}`])).exitCode).toBe(1);
    expect(await rpc.call('get', { id: uuid })).toMatchObject({ ok: false, code: 'not_found' });
  });

  test('a request that comes byte by byte is answered', async () => {
    const script = 'for ((i = 0; i < ${#1}; i++)); do printf %s "${1:i:1}"; sleep 0.01; done; echo';
    const slowly = [
      'bash',
      '-c',
      `{ ${script}; } | { shift; exec "$@"; }`,
      'slowly',
      '{"op":"ping","params":null}',
    ];
    const { stdout } = await shell.run([...slowly, ...rpc.argv(['-s'], 'convocate-agent-rpc')]);
    expect(JSON.parse(stdout)).toMatchObject({ ok: true, result: { agent_id: idA } });
  });

  test('unknown fields are passed over', async () => {
    expect(await rpc.send('{"op":"ping","params":{"more":1},"later":true}\n')).toMatchObject({ ok: true });
  });
});

describe('convocate-agent-attach', () => {
  test('with ssh -tt -s: a stopped session starts, keys and sizes go through, leaving leaves it running', async () => {
    const uuid = await newSession('attached');
    const argv = rpc.argv(['-tt', '-s'], 'convocate-agent-attach');
    await using terminal = await Terminal.open(shell, { name: 'attach', argv, cols: 100, rows: 30 });
    const header = JSON.stringify({ id: uuid, cols: 100, rows: 30, term: 'xterm-256color' });
    // A newline, not a carriage return: the local terminal is raw once the server has taken the pty.
    await terminal.type(header, 'C-j');
    await terminal.waitFor(/tick \d+/);
    // Without frames nobody says when the terminal is ready for keys: what is typed in the first moment may be lost.
    await pollUntil(
      async () => {
        await terminal.type('from outside', 'Enter');
        return await terminal.waitFor(/heard from outside/, 2_000).catch(() => undefined);
      },
      { timeoutMs: 20_000, intervalMs: 100, what: 'what was typed' },
    );
    expect(await waitForSize(uuid, '100x30')).toBe('100x30');
    await terminal.resize(120, 40);
    expect(await waitForSize(uuid, '120x40')).toBe('120x40');
    expect(resultOf(await rpc.call('get', { id: uuid }))).toMatchObject({ attached: 1, running: true });
    const before = await standInState(agent, uuid);
    await terminal.close();
    await pollUntil(
      async () =>
        (resultOf(await rpc.call('get', { id: uuid })) as SessionObject)['attached'] === 0 ? true : undefined,
      { timeoutMs: 20_000, intervalMs: 200, what: 'the detach' },
    );
    expect(await standInState(agent, uuid)).toMatchObject({ pid: before.pid, startTime: before.startTime });
    resultOf(await rpc.call('delete', { id: uuid }));
  });

  test('without a terminal: what is typed right behind the header is not swallowed', async () => {
    const uuid = await newSession('piped');
    const child = shell.spawn(rpc.argv(['-s'], 'convocate-agent-attach'));
    let output = '';
    child.stdout?.on('data', (chunk: Buffer) => (output += chunk.toString()));
    const ended = new Promise((resolve) => child.once('close', resolve));
    child.stdin?.write(`${JSON.stringify({ id: uuid })}\nsame packet\r`);
    const heard = async (): Promise<true | undefined> =>
      output.includes('heard same packet') ? true : undefined;
    await pollUntil(heard, { timeoutMs: 20_000, intervalMs: 100, what: 'what was typed' });
    // The end of input is not the end of the attach: tmux's own keys are.
    child.stdin?.end('\u0002d');
    await ended;
    expect(child.exitCode).toBe(0);
    expect(resultOf(await rpc.call('get', { id: uuid }))).toMatchObject({ running: true, attached: 0 });
    resultOf(await rpc.call('delete', { id: uuid }));
  });

  test.each([
    { what: 'no JSON', header: 'hello', says: /not JSON/ },
    { what: 'no UUID', header: '{"id":"../../etc"}', says: /UUID/ },
    { what: 'no such session', header: `{"id":"${unknownId}"}`, says: /no such session|no session/ },
    { what: 'a size that is none', header: `{"id":"${unknownId}","cols":0}`, says: /cols/ },
  ])('a header with $what gets one line and the end', async ({ header, says }) => {
    const { stdout, exitCode } = await rpc.subsystem('convocate-agent-attach', `${header}\n`);
    expect(stdout.split('\n')).toHaveLength(2);
    const answer = JSON.parse(stdout) as { ok: boolean; error: string };
    expect(answer.ok).toBe(false);
    expect(answer.error).toMatch(says);
    expect(exitCode).toBe(1);
  });
});

describe('everything else on 222 is refused', () => {
  test.each([
    { what: 'exec', flags: [], command: ['id'], says: /exec request failed/ },
    { what: 'a shell', flags: ['-T'], command: [], says: /shell request failed/ },
    { what: 'a shell with a terminal', flags: ['-tt'], command: [], says: /shell request failed/ },
    {
      what: 'rpc with a terminal',
      flags: ['-tt', '-s'],
      command: ['convocate-agent-rpc'],
      says: /subsystem request failed/,
    },
    {
      what: 'another subsystem',
      flags: ['-s'],
      command: ['convocate-status'],
      says: /subsystem request failed/,
    },
    {
      what: 'a property of every object',
      flags: ['-s'],
      command: ['constructor'],
      says: /subsystem request failed/,
    },
    { what: '-W', flags: ['-W', '127.0.0.1:22'], command: [], says: /stdio forwarding failed/ },
    {
      what: '-R',
      flags: ['-N', '-o', 'ExitOnForwardFailure=yes', '-R', '9001:127.0.0.1:22'],
      command: [],
      says: /remote port forwarding failed/,
    },
    {
      what: '-R of a socket',
      flags: ['-N', '-o', 'ExitOnForwardFailure=yes', '-R', '/run/x.sock:127.0.0.1:22'],
      command: [],
      says: /remote port forwarding failed/,
    },
    {
      what: 'a tunnel',
      flags: ['-N', '-w', '0:0', '-o', 'ExitOnForwardFailure=yes'],
      command: [],
      says: /[Tt]unnel/,
    },
  ])('$what', async ({ flags, command, says }) => {
    const result = await rpc.try(flags, ...command);
    expect(result.exitCode).toBe(255);
    expect(result.stderr).toMatch(says);
    expect(result.stdout).toBe('');
  });

  test('-L, to a port and to the Docker socket', async () => {
    const forwards = ['-N', '-L', '9100:127.0.0.1:22', '-L', '9101:/var/run/docker.sock'];
    const script = [
      '"$@" & client=$!; trap "kill $client" EXIT',
      'until ss -Hltn sport = :9100 | grep -q .; do kill -0 $client || exit 9; sleep 0.1; done',
      'echo "port [$(timeout 5 nc 127.0.0.1 9100 < /dev/null)]"',
      'echo "socket [$(curl --silent --max-time 5 http://127.0.0.1:9101/version)]"',
    ].join('\n');
    const { stdout, stderr } = await shell.run(['bash', '-c', script, 'forward', ...rpc.argv(forwards)]);
    expect(stdout).toBe('port []\nsocket []\n');
    expect(stderr.match(/open failed/g)?.length).toBeGreaterThanOrEqual(2);
  });

  test('X11 and agent forwarding: the call works, nothing is forwarded', async () => {
    const script =
      'eval "$(ssh-agent)" > /dev/null; trap "ssh-agent -k > /dev/null" EXIT; echo \'{"op":"ping"}\' | DISPLAY=:0 "$@"';
    const flags = ['-vv', '-A', '-Y', '-s'];
    const { stdout, stderr } = await shell.run([
      'bash',
      '-c',
      script,
      'forward',
      ...rpc.argv(flags, 'convocate-agent-rpc'),
    ]);
    expect(JSON.parse(stdout)).toMatchObject({ ok: true });
    expect(stderr).toMatch(/X11 forwarding request failed/);
    expect(stderr).toMatch(/Requesting authentication agent forwarding/);
    expect(stderr).not.toMatch(/client_request_agent|ctype auth-agent/);
  });

  test('sftp, and scp in both of its ways', async () => {
    const sftp = await shell.exec([...rpc.options('sftp'), 'agent-a'], { input: 'ls /\n' });
    expect([sftp.exitCode, sftp.stdout]).toEqual([255, '']);
    for (const way of [[], ['-O']]) {
      const copy = [...rpc.options('scp'), ...way, 'agent-a:/etc/convocate-agent/host_key', '/tmp/stolen'];
      expect((await shell.exec(copy)).exitCode).not.toBe(0);
      expect((await shell.exec(['test', '-e', '/tmp/stolen'])).exitCode).toBe(1);
    }
  });

  test('a password, and no key at all: only publickey is offered', async () => {
    for (const methods of ['password,keyboard-interactive', 'none', 'hostbased,gssapi-with-mic']) {
      const flags = ['-o', 'PubkeyAuthentication=no', '-o', `PreferredAuthentications=${methods}`, '-s'];
      const result = await rpc.try(flags, 'convocate-agent-rpc');
      expect(result.exitCode).toBe(255);
      expect(result.stderr).toMatch(/Permission denied \(publickey\)/);
    }
  });

  test('RSA and ECDSA keys, even where somebody wrote them into authorized_keys; and an unknown ed25519 key', async () => {
    const file = '/etc/convocate-agent/authorized_keys';
    const kept = await agent.readFile(file);
    try {
      for (const type of ['rsa', 'ecdsa', 'ed25519']) {
        const key = `/root/outside-${type}`;
        await shell.run(['ssh-keygen', '-q', '-t', type, '-N', '', '-f', key]);
        if (type !== 'ed25519')
          await agent.writeFile(file, kept + (await shell.readFile(`${key}.pub`)), { mode: '0600' });
        const result = await rpc.with({ key }).subsystem('convocate-agent-rpc', '{"op":"ping"}\n');
        expect([type, result.exitCode, result.stdout]).toEqual([type, 255, '']);
        expect(result.stderr).toMatch(/Permission denied \(publickey\)/);
      }
      // The damage that was written there locks out nobody else.
      expect(await rpc.call('ping')).toMatchObject({ ok: true });
    } finally {
      await agent.writeFile(file, kept, { mode: '0600' });
    }
  });

  test("agent-b's key does not open agent-a", async () => {
    const other = rpc.with({ key: `/etc/convocate/agent-keys/${idB}/shell_to_agent_key` });
    expect((await other.subsystem('convocate-agent-rpc', '{"op":"ping"}\n')).exitCode).toBe(255);
  });

  test('the listener has an ed25519 host key and no other', async () => {
    const { stdout } = await shell.exec(['ssh-keyscan', '-p', '222', '-t', 'rsa,ecdsa,ed25519', 'agent-a']);
    const keys = stdout.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    expect(keys.map((line) => line.split(' ')[1])).toEqual(['ssh-ed25519']);
  });
});

describe('damaged input changes nothing, and the agent stays up', () => {
  const oversized = Buffer.alloc(1024 * 1024 + 4096, 0x61);
  const frames: readonly { what: string; bytes: string | Uint8Array; code: string }[] = [
    { what: 'more than 1 MiB without an end', bytes: oversized, code: 'bad_request' },
    {
      what: 'more than 1 MiB of JSON',
      bytes: `{"op":"create","params":{"name":"x","more":"${'y'.repeat(1024 * 1024)}"}}\n`,
      code: 'bad_request',
    },
    { what: 'a line cut off', bytes: '{"op":"create","params":{"name":"cut"}', code: 'bad_request' },
    { what: 'nothing', bytes: '', code: 'bad_request' },
    { what: 'an empty line', bytes: '\n', code: 'bad_request' },
    { what: 'no JSON', bytes: 'create please\n', code: 'bad_request' },
    { what: 'bytes that are no UTF-8', bytes: Buffer.from([0xff, 0xfe, 0x00, 0x0a]), code: 'bad_request' },
    { what: 'JSON, but no object', bytes: '[1,2]\n', code: 'bad_request' },
    { what: 'an op that is no text', bytes: '{"op":{"toString":1}}\n', code: 'bad_request' },
    { what: 'an unknown op', bytes: '{"op":"format-disk"}\n', code: 'unknown_op' },
    { what: 'a property of every object', bytes: '{"op":"__proto__"}\n', code: 'unknown_op' },
    { what: 'a name that is a number', bytes: '{"op":"create","params":{"name":1}}\n', code: 'bad_request' },
    {
      what: 'a name with a path in it',
      bytes: '{"op":"create","params":{"name":"../x"}}\n',
      code: 'bad_request',
    },
    {
      what: 'a port that is text',
      bytes: '{"op":"create","params":{"name":"x","port":"80"}}\n',
      code: 'bad_request',
    },
    {
      what: 'a port beyond all',
      bytes: '{"op":"create","params":{"name":"x","port":70000}}\n',
      code: 'bad_request',
    },
    { what: 'params that are a list', bytes: '{"op":"delete","params":[]}\n', code: 'bad_request' },
    { what: 'no params', bytes: '{"op":"delete"}\n', code: 'bad_request' },
  ];
  const ids = [
    '',
    '.',
    '..',
    '.ssh',
    '../../etc',
    '/',
    `${unknownId}/..`,
    unknownId.toUpperCase(),
    'c232ab00-9414-11ec-b3c8-9f6bdeced846',
    `${unknownId}\n`,
    `${unknownId}\0`,
  ];

  test('each frame gets an error', async () => {
    const uuid = await newSession('bystander');
    const before = await unitState(agent, 'convocate-agent.service');
    await expectNothingChanged([agent], async () => {
      for (const { what, bytes, code } of frames) {
        const answer = await rpc.send(bytes);
        expect.soft({ what, ...answer }).toMatchObject({ what, ok: false, code });
        expect.soft(answer.ok ? '' : answer.error, what).not.toMatch(/internal|\n +at /);
      }
    });
    expect(await unitState(agent, 'convocate-agent.service')).toBe(before);
    expect(resultOf(await rpc.call('list'))).toMatchObject([{ uuid, name: 'bystander' }]);
    resultOf(await rpc.call('delete', { id: uuid }));
  });

  test('each id that is none is refused by each operation that takes one', async () => {
    const uuid = await newSession('bystander');
    const before = await unitState(agent, 'convocate-agent.service');
    await expectNothingChanged([agent], async () => {
      for (const id of ids) {
        const ops =
          id === '' || id === '..'
            ? ['get', 'edit', 'kill', 'restart', 'background', 'override', 'delete']
            : ['delete'];
        for (const op of ops) {
          expect
            .soft({ id, op, ...(await rpc.call(op, { id })) })
            .toMatchObject({ ok: false, code: 'bad_request' });
        }
      }
      expect
        .soft(await rpc.call('clone', { source_id: '..', name: 'x' }))
        .toMatchObject({ code: 'bad_request' });
      expect
        .soft(await rpc.call('delete', { id: unknownId }))
        .toMatchObject({ ok: false, code: 'not_found' });
    });
    expect(await unitState(agent, 'convocate-agent.service')).toBe(before);
    resultOf(await rpc.call('delete', { id: uuid }));
  });

  test('100 idle connections keep a real client out no longer than the handshake time', async () => {
    const before = await unitState(agent, 'convocate-agent.service');
    const open =
      'for ((i = 0; i < 100; i++)); do exec {fd}<>/dev/tcp/agent-a/222; done; echo open; read -r _';
    const flood = shell.spawn(['bash', '-c', open]);
    try {
      await new Promise<void>((resolve, reject) => {
        flood.stdout?.once('data', () => resolve());
        flood.once('close', () => reject(new Error('the flood ended early')));
      });
      // Operators go through the shell's warm connection, and notice nothing.
      const listed = await shell.run(['convocate', 'ls', '--json'], { user: 'claude' });
      expect(JSON.parse(listed.stdout)).toMatchObject({ agents: [{ up: true }, { up: true }] });
      const answers = async (): Promise<true | undefined> =>
        (await rpc.subsystem('convocate-agent-rpc', '{"op":"ping"}\n')).exitCode === 0 ? true : undefined;
      // The flood stays for as long as it is let: an answer shows that it was not, after the handshake time of 10 s.
      await pollUntil(answers, { timeoutMs: 30_000, intervalMs: 100, what: 'an answer beside the flood' });
    } finally {
      flood.stdin?.end('\n');
    }
    expect(await unitState(agent, 'convocate-agent.service')).toBe(before);
  });
});

describe('223 of the shell host', () => {
  const statusKnownHosts = '/root/outside-known-hosts';
  let status: OutsideSsh;

  beforeAll(async () => {
    const hostKey = await shell.readFile('/etc/convocate/status_host_key.pub');
    await agent.writeFile(statusKnownHosts, `[shell]:223 ${hostKey}`);
    const key = '/etc/convocate-agent/agent_to_shell_key';
    status = new OutsideSsh(agent, { key, host: 'shell', port: 223, knownHosts: statusKnownHosts });
  });

  test.each([
    { what: 'exec', flags: [], command: ['id'], says: /exec request failed/ },
    { what: 'a shell', flags: ['-T'], command: [], says: /shell request failed/ },
    {
      what: 'a terminal',
      flags: ['-tt', '-s'],
      command: ['convocate-status'],
      says: /PTY allocation request failed/,
    },
    {
      what: 'the RPC subsystem',
      flags: ['-s'],
      command: ['convocate-agent-rpc'],
      says: /subsystem request failed/,
    },
    { what: 'sftp', flags: ['-s'], command: ['sftp'], says: /subsystem request failed/ },
    { what: '-W', flags: ['-W', '127.0.0.1:22'], command: [], says: /stdio forwarding failed/ },
    {
      what: '-R',
      flags: ['-N', '-o', 'ExitOnForwardFailure=yes', '-R', '9001:127.0.0.1:22'],
      command: [],
      says: /remote port forwarding failed/,
    },
  ])("takes nothing but convocate-status from an agent's key: $what", async ({ flags, command, says }) => {
    const result = await status.try(flags, ...command);
    expect(result.stderr).toMatch(says);
    expect(result.stdout).toBe('');
  });

  test('takes no other key, not even the one that opens the agent', async () => {
    await agent.run(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-f', '/root/outside-unknown']);
    await agent.writeFile(
      '/root/outside-rpc-key',
      await shell.readFile(`/etc/convocate/agent-keys/${idA}/shell_to_agent_key`),
      { mode: '0600' },
    );
    for (const key of ['/root/outside-unknown', '/root/outside-rpc-key', '/etc/convocate-agent/host_key']) {
      const result = await status.with({ key }).subsystem('convocate-status', '');
      expect([key, result.exitCode]).toEqual([key, 255]);
      expect(result.stderr).toMatch(/Permission denied \(publickey\)/);
    }
  });

  test("an event with another agent's id is dropped and logged; so is a damaged one", async () => {
    const before = await unitState(shell, 'convocate-status.service');
    const uuid = await sessionOnB();
    const lie = {
      type: 'agent.snapshot',
      agent_id: idB,
      seq: 1,
      timestamp: new Date().toISOString(),
      data: { sessions: [] },
    };
    const { exitCode } = await status.subsystem('convocate-status', `${JSON.stringify(lie)}\nnot json\n`);
    expect(exitCode).toBe(0);
    const journal = ['journalctl', '--unit', 'convocate-status.service', '--output', 'cat', '--no-pager'];
    const entries = await pollUntil(
      async () => {
        const { stdout } = await shell.run(journal);
        return stdout.includes('for another agent was dropped') && stdout.includes('damaged event')
          ? stdout
          : undefined;
      },
      { timeoutMs: 10_000, intervalMs: 100, what: 'the log of it' },
    );
    const entry = entries.split('\n').find((line) => line.includes('for another agent was dropped')) ?? '';
    expect(entry).toContain(idA);
    expect(entry).toContain(idB);
    // What agent-b has is what the shell goes on showing, and its own stream of events goes on.
    await waitUntilShellSees(shell, ['agent-a', 'agent-b']);
    const { stdout } = await shell.run(['convocate', 'ls', '--json'], { user: 'claude' });
    expect(JSON.parse(stdout)).toMatchObject({ sessions: [{ uuid, agent_id: idB }] });
    expect(await unitState(shell, 'convocate-status.service')).toBe(before);
  });
});
