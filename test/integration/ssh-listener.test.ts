// What our listeners let in, tried with a real OpenSSH client and with ssh2's. Needs no Docker.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { connect as connectTcp } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import ssh2 from 'ssh2';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type CommandResult, runChecked, runCommand } from '../../src/base/run-command.ts';
import { LIMITS } from '../../src/protocol/limits.ts';
import { HostKeyMismatchError, connect } from '../../src/ssh/client.ts';
import { readFirstLine, writeJsonLine } from '../../src/ssh/json-channel.ts';
import { generateKeyPair, publicBlobOf } from '../../src/ssh/keys.ts';
import { type Listener, listen } from '../../src/ssh/listener.ts';

const root = mkdtempSync(join(tmpdir(), 'convocate-listener-'));
const hostKey = generateKeyPair('host');
const known = generateKeyPair('known');
const stranger = generateKeyPair('stranger');
const problems: string[] = [];
let listener: Listener;

beforeAll(async () => {
  const keyOf = (name: string): string => join(root, name);
  writeFileSync(keyOf('known'), known.privateKey, { mode: 0o600 });
  writeFileSync(keyOf('stranger'), stranger.privateKey, { mode: 0o600 });
  await runChecked(['ssh-keygen', '-q', '-t', 'rsa', '-b', '2048', '-N', '', '-f', keyOf('rsa')]);
  await runChecked(['ssh-keygen', '-q', '-t', 'ecdsa', '-N', '', '-f', keyOf('ecdsa')]);
  listener = await listen({
    hostKey: hostKey.privateKey,
    address: '127.0.0.1',
    port: 0,
    identify: (key) => (key.equals(publicBlobOf(known.publicKey)) ? 'known' : undefined),
    subsystems: {
      echo: (channel) => {
        const answer = ({ line }: { readonly line: string }): void => {
          channel.resume();
          writeJsonLine(channel, { line });
          channel.exit(0);
          channel.end();
        };
        readFirstLine(channel).then(answer, () => channel.end());
      },
      screen: (channel, context) => {
        channel.resume();
        context.onResize((cols, rows) => {
          writeJsonLine(channel, { cols, rows });
          channel.exit(0);
          channel.end();
        });
      },
    },
    ptySubsystems: ['screen'],
    onProblem: (message) => problems.push(message),
  });
  writeFileSync(join(root, 'known_hosts'), `[127.0.0.1]:${listener.port} ${hostKey.publicKey}`);
});

afterAll(async () => {
  await listener.close();
  rmSync(root, { recursive: true, force: true });
});

interface SshOptions {
  readonly key?: string;
  readonly options?: readonly string[];
  readonly input?: string;
}

/** OpenSSH's client against the listener; `words` is what follows the destination. */
async function ssh(
  words: readonly string[],
  { key = 'known', options = [], input = '' }: SshOptions = {},
): Promise<CommandResult> {
  const always = [
    'StrictHostKeyChecking=yes',
    `UserKnownHostsFile=${join(root, 'known_hosts')}`,
    'BatchMode=yes',
  ];
  const set = [...always, 'IdentitiesOnly=yes', 'IdentityAgent=none'].flatMap((option) => ['-o', option]);
  const where = ['-i', join(root, key), '-p', String(listener.port), ...options, 'claude@127.0.0.1'];
  return await runCommand(['ssh', '-F', 'none', ...set, ...where, ...words], { input, timeoutMs: 20_000 });
}

/** What the server says to a request that it must not take. */
async function refused(start: (done: (error: Error | undefined) => void) => void): Promise<string> {
  return await new Promise((resolve) => start((error) => resolve(error?.message ?? 'taken')));
}

async function ours(privateKey = known.privateKey): ReturnType<typeof connect> {
  const key = publicBlobOf(hostKey.publicKey);
  return await connect({ host: '127.0.0.1', port: listener.port, privateKey, hostKey: key });
}

describe('who gets in', () => {
  test('the known ed25519 key', async () => {
    const answer = await ssh(['echo'], { options: ['-s'], input: 'hello\n' });
    expect(answer).toMatchObject({ exitCode: 0, stdout: '{"line":"hello"}\n' });
  });

  test.each(['stranger', 'rsa', 'ecdsa'])('not the %s key', async (key) => {
    const answer = await ssh(['echo'], { options: ['-s'], key });
    expect(answer.exitCode).toBe(255);
    expect(answer.stderr).toContain('Permission denied (publickey)');
  });

  test.each(['password', 'keyboard-interactive', 'hostbased', 'none'] as const)(
    'not by %s',
    async (method) => {
      const client = new ssh2.Client();
      const failed = once(client, 'ready').then(
        () => 'let in',
        (error: Error) => error.message,
      );
      client.connect({
        host: '127.0.0.1',
        port: listener.port,
        username: 'claude',
        password: 'claude',
        tryKeyboard: true,
        privateKey: known.privateKey, // for hostbased
        localHostname: 'localhost',
        localUsername: 'claude',
        authHandler: [method],
      });
      expect(await failed).toMatch(/All configured authentication methods failed/);
      client.end();
    },
  );

  test('a public key without the proof of its private half does not', async () => {
    const client = new ssh2.Client();
    const failed = once(client, 'ready').then(
      () => 'let in',
      (error: Error) => error.message,
    );
    const publicKey = ssh2.utils.parseKey(known.publicKey);
    if (publicKey instanceof Error) throw publicKey;
    class Forger extends ssh2.BaseAgent {
      override getIdentities(done: (error: Error | undefined, keys?: ssh2.ParsedKey[]) => void): void {
        done(undefined, [publicKey as ssh2.ParsedKey]);
      }
      override sign(
        _key: unknown,
        data: Buffer,
        options: unknown,
        done?: (error: Error | undefined, signature?: Buffer) => void,
      ): void {
        const answer = typeof options === 'function' ? (options as typeof done) : done;
        const other = ssh2.utils.parseKey(stranger.privateKey);
        if (other instanceof Error) throw other;
        answer?.(undefined, other.sign(data));
      }
    }
    client.connect({
      host: '127.0.0.1',
      port: listener.port,
      username: 'claude',
      agent: new Forger(),
      authHandler: ['agent'],
    });
    expect(await failed).toMatch(/All configured authentication methods failed/);
    client.end();
  });

  test('our client refuses a host whose key is not the pinned one', async () => {
    const pinned = publicBlobOf(stranger.publicKey);
    const attempt = connect({
      host: '127.0.0.1',
      port: listener.port,
      privateKey: known.privateKey,
      hostKey: pinned,
    });
    await expect(attempt).rejects.toThrow(HostKeyMismatchError);
  });
});

describe('what is offered to who got in', () => {
  test.each([
    ['a command', ['id'], []],
    ['a shell', [], ['-T']],
    ['a subsystem we do not have', ['sftp'], ['-s']],
    ['the name of an inherited property', ['constructor'], ['-s']],
  ])('not %s', async (_what, words, options) => {
    const answer = await ssh(words, { options, input: 'x\n' });
    expect(answer.exitCode).not.toBe(0);
    expect(answer.stdout).toBe('');
  });

  test('not a terminal where there is none to have', async () => {
    const answer = await ssh(['echo'], { options: ['-tt', '-s'], input: 'hello\n' });
    expect(answer.exitCode).not.toBe(0);
    expect(answer.stdout).toBe('');
  });

  test('a terminal for the subsystem that has one', async () => {
    const script = `stty rows 33 cols 111; exec ssh -F none -tt -s -o BatchMode=yes -o IdentitiesOnly=yes -o StrictHostKeyChecking=yes -o UserKnownHostsFile=${root}/known_hosts -i ${root}/known -p ${listener.port} claude@127.0.0.1 screen`;
    const answer = await runCommand(['script', '-qec', script, '/dev/null'], { timeoutMs: 20_000 });
    expect(answer.stdout).toContain('{"cols":111,"rows":33}');
  });

  test('no port is forwarded outwards', async () => {
    const answer = await ssh([], { options: ['-W', `127.0.0.1:${listener.port}`] });
    expect(answer.exitCode).toBe(255);
    expect(answer.stderr).toMatch(/prohibited|forwarding failed/);
  });

  test('no port is forwarded inwards', async () => {
    const options = ['-R', '0:127.0.0.1:22', '-o', 'ExitOnForwardFailure=yes', '-N'];
    const answer = await ssh([], { options });
    expect(answer.exitCode).toBe(255);
    expect(answer.stderr).toContain('remote port forwarding failed');
  });

  test('no environment, agent or X11', async () => {
    await using connection = await ours();
    await connection.openSubsystem('echo'); // the connection is good
    const client = new ssh2.Client();
    client.connect({ host: '127.0.0.1', port: listener.port, username: 'u', privateKey: known.privateKey });
    await once(client, 'ready');
    expect(await refused((done) => client.shell({ term: 'xterm' }, done))).not.toBe('taken');
    expect(await refused((done) => client.exec('id', done))).not.toBe('taken');
    expect(await refused((done) => client.exec('id', { x11: true }, done))).not.toBe('taken');
    expect(await refused((done) => client.sftp(done))).not.toBe('taken');
    expect(await refused((done) => client.openssh_forwardOutStreamLocal('/run/docker.sock', done))).not.toBe(
      'taken',
    );
    client.end();
  });
});

test('a channel that is over is forgotten, however long its connection stands', async () => {
  await using connection = await connect({
    host: '127.0.0.1',
    port: listener.port,
    privateKey: known.privateKey,
    hostKey: publicBlobOf(hostKey.publicKey),
  });
  const opened: WeakRef<object>[] = [];
  for (let index = 0; index < 20; index += 1) {
    const channel = await connection.openSubsystem('echo');
    opened.push(new WeakRef(channel));
    channel.resume().end('x\n');
    await once(channel, 'close');
  }
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  await pause(50); // what the last one waited for is over
  collect();
  // The last one may still be in somebody's hands.
  expect(opened.filter((channel) => channel.deref()).length).toBeLessThan(3);
});

describe('limits', () => {
  test('channels per connection', async () => {
    await using connection = await ours();
    const open = Array.from({ length: LIMITS.channelsPerConnection }, () => connection.openSubsystem('echo'));
    const channels = await Promise.all(open);
    await expect(connection.openSubsystem('echo')).rejects.toThrow(/refused/);
    const closed = once(channels[0] as object as NodeJS.EventEmitter, 'close');
    channels[0]?.resume();
    channels[0]?.write('done\n');
    await closed;
    await connection.openSubsystem('echo'); // a place has become free
  });

  test('strangers who stay silent keep nobody out for ever', async () => {
    const sockets = Array.from({ length: LIMITS.unauthenticatedConnections }, () =>
      connectTcp({ host: '127.0.0.1', port: listener.port }),
    );
    try {
      await Promise.all(sockets.map((socket) => once(socket, 'data')));
      const closes = Promise.all(sockets.map((socket) => once(socket.resume(), 'close')));
      await expect(ours()).rejects.toThrow();
      await closes; // by the listener, after the handshake time
      await using connection = await ours();
      await connection.openSubsystem('echo');
    } finally {
      for (const socket of sockets) socket.destroy();
    }
    expect(problems).toContain('refused: too many connections');
    expect(problems).toContain('no login within the handshake time');
  }, 30_000);

  test('bytes that are not SSH', async () => {
    const socket = connectTcp({ host: '127.0.0.1', port: listener.port });
    socket.on('error', () => {});
    const closed = once(socket.resume(), 'close');
    socket.write('GET / HTTP/1.1\r\n\r\n'.repeat(10_000));
    await closed;
    await using connection = await ours();
    await connection.openSubsystem('echo');
  }, 15_000);
});
