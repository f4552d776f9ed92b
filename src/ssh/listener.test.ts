import { once } from 'node:events';
import { type AddressInfo, type Socket, connect as connectTcp, createServer } from 'node:net';
import ssh2, { type ClientChannel } from 'ssh2';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { DeadlineError } from '../base/deadline.ts';
import { LIMITS } from '../protocol/limits.ts';
import { HostKeyMismatchError, type SshConnection, connect } from './client.ts';
import { readFirstLine, writeJsonLine } from './json-channel.ts';
import { type KeyPair, generateKeyPair, publicBlobOf } from './keys.ts';
import { type Listener, listen } from './listener.ts';
import { ALGORITHMS } from './policy.ts';

const host = generateKeyPair('host');
const known: Record<string, KeyPair> = { alice: generateKeyPair('alice'), bob: generateKeyPair('bob') };
const keyOf = (name: string): KeyPair => known[name] ?? generateKeyPair(name);

let listener: Listener;
let problems: string[];
let logins: string[];
const opened: AsyncDisposable[] = [];

beforeEach(async () => {
  problems = [];
  logins = [];
  listener = await listen<string>({
    hostKey: host.privateKey,
    address: '127.0.0.1',
    port: 0,
    identify: (key) => Object.keys(known).find((name) => publicBlobOf(keyOf(name).publicKey).equals(key)),
    subsystems: {
      'who-am-i': (channel, { peer }) => {
        writeJsonLine(channel, { peer });
        channel.end();
      },
      quiet: (channel) => void channel.resume().on('end', () => channel.end()),
    },
    onLogin: (peer) => logins.push(peer),
    onProblem: (message) => problems.push(message),
  });
});
afterEach(async () => {
  for (const one of opened.splice(0)) await one[Symbol.asyncDispose]();
  await listener.close();
});

async function dial(
  name = 'alice',
  changes: Partial<Parameters<typeof connect>[0]> = {},
): Promise<SshConnection> {
  const connection = await connect({
    host: '127.0.0.1',
    port: listener.port,
    privateKey: keyOf(name).privateKey,
    hostKey: publicBlobOf(host.publicKey),
    ...changes,
  });
  opened.push(connection);
  return connection;
}

async function whoAmI(channel: ClientChannel): Promise<unknown> {
  return JSON.parse((await readFirstLine(channel)).line) as unknown;
}

describe('who is let in', () => {
  test('each known key, under the name it belongs to', async () => {
    for (const name of ['alice', 'bob']) {
      const channel = await (await dial(name)).openSubsystem('who-am-i');
      expect(await whoAmI(channel)).toEqual({ peer: name });
    }
    expect(logins).toEqual(['alice', 'bob']);
  });

  test('no unknown key', async () => {
    await expect(dial('mallory')).rejects.toThrow('All configured authentication methods failed');
  });

  test('a peer is who signed, not whose public key it asked about before', async () => {
    // A client may ask "would this key do?" of any public key it has heard of; only a signature proves anything.
    const client = new ssh2.Client();
    const askedAboutAlice = new AskingAgent(keyOf('alice').publicKey, () => signAs(client, 'bob'));
    expect(await outcomeOf(client, { agent: askedAboutAlice })).toBe('ready');
    expect(await whoAmI(await subsystem(client, 'who-am-i'))).toEqual({ peer: 'bob' });
    client.end();
  });

  test('a client that signs at once, without asking first, is let in as well', async () => {
    const client = new ssh2.Client();
    expect(await outcomeOf(client, { authHandler: () => signAs(client, 'bob') as never })).toBe('ready');
    expect(await whoAmI(await subsystem(client, 'who-am-i'))).toEqual({ peer: 'bob' });
    client.end();
  });

  test('asking about a known key opens nothing', async () => {
    const client = new ssh2.Client();
    const asked = new AskingAgent(keyOf('alice').publicKey, () => client.end());
    expect(await outcomeOf(client, { agent: asked })).toBe('closed');
  });

  test('a look-up that fails shuts the door and is told', async () => {
    await using broken = await openListener({
      identify: () => Promise.reject(new Error('the disk is gone')),
    });
    await expect(dial('alice', { port: broken.port })).rejects.toThrow();
    expect(broken.problems).toEqual(['login failed: Error: the disk is gone']);
  });
});

async function openListener(changes: object): Promise<Listener & AsyncDisposable & { problems: string[] }> {
  const told: string[] = [];
  const base = {
    hostKey: host.privateKey,
    address: '127.0.0.1',
    port: 0,
    subsystems: {},
    identify: () => 'anybody',
  };
  const own = await listen<string>({ ...base, onProblem: (message) => told.push(message), ...changes });
  return { ...own, problems: told, [Symbol.asyncDispose]: () => own.close() };
}

/** Holds public halves only; where it is asked to sign, `instead` is done. */
class AskingAgent extends ssh2.BaseAgent<ssh2.ParsedKey> {
  readonly #publicLine: string;
  readonly #instead: () => void;

  constructor(publicLine: string, instead: () => void) {
    super();
    this.#publicLine = publicLine;
    this.#instead = instead;
  }
  override getIdentities(done: (error: Error | null, keys?: ssh2.ParsedKey[]) => void): void {
    done(null, [ssh2.utils.parseKey(this.#publicLine) as ssh2.ParsedKey]);
  }
  override sign(): void {
    this.#instead();
  }
}

/** Sends a signed login without the question before it, which ssh2's client always asks by itself. */
function signAs(client: ssh2.Client, name: string): void {
  interface Inner {
    readonly _protocol: { authPK(user: string, key: unknown, algorithm: undefined, sign: unknown): void };
  }
  const key = ssh2.utils.parseKey(keyOf(name).privateKey) as ssh2.ParsedKey;
  const sign = (data: Buffer, done: (signature: unknown) => void): void => done(key.sign(data));
  (client as unknown as Inner)._protocol.authPK('x', key, undefined, sign);
}

async function outcomeOf(client: ssh2.Client, how: ssh2.ConnectConfig): Promise<string> {
  const outcome = new Promise<string>((resolve) => {
    client.once('ready', () => resolve('ready')).once('close', () => resolve('closed'));
    client.on('error', () => {}); // 'close' follows
  });
  client.connect({ host: '127.0.0.1', port: listener.port, username: 'x', algorithms: ALGORITHMS, ...how });
  return await outcome;
}

async function subsystem(client: ssh2.Client, name: string): Promise<ClientChannel> {
  return await new Promise((resolve, reject) => {
    client.subsys(name, (error, channel) => (error ? reject(error) : resolve(channel)));
    client.once('close', () => reject(new Error('the connection was closed')));
  });
}

describe('our client', () => {
  test('refuses a host key that is not the pinned one, naming the host', async () => {
    const wrong = dial('alice', { hostKey: publicBlobOf(generateKeyPair('other').publicKey) });
    await expect(wrong).rejects.toThrow(new HostKeyMismatchError('127.0.0.1', listener.port));
  });

  test('does not wait for ever for a server that never answers', async () => {
    const sockets: Socket[] = [];
    const silent = createServer((socket) => sockets.push(socket)).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const startedAt = performance.now();
    await expect(
      dial('alice', { port: (silent.address() as AddressInfo).port, timeoutMs: 150 }),
    ).rejects.toThrow(/[Tt]imed out/);
    expect(performance.now() - startedAt).toBeLessThan(3_000);
    for (const socket of sockets) socket.destroy();
    silent.close();
    await once(silent, 'close');
  });

  test('says at once that nothing listens', async () => {
    const free = createServer().listen(0, '127.0.0.1');
    await once(free, 'listening');
    const { port } = free.address() as AddressInfo;
    free.close();
    await once(free, 'close');
    await expect(dial('alice', { port })).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  test('is told when the connection is gone, and opens nothing on it any more', async () => {
    const connection = await dial();
    await connection.openSubsystem('quiet');
    await listener.close();
    expect(typeof (await connection.closed)).toBe('string');
    await expect(connection.openSubsystem('quiet')).rejects.toThrow();
    listener = await listen<string>({
      hostKey: host.privateKey,
      address: '127.0.0.1',
      port: 0,
      subsystems: {},
      identify: () => 'x',
    });
  });

  test('settles `closed` when it closes itself, and may be closed twice', async () => {
    const connection = await dial();
    await connection.close();
    await connection.close();
    expect(await connection.closed).toBe('the connection was closed');
  });

  test('is told that a subsystem is refused', async () => {
    const connection = await dial();
    for (const name of ['no-such', 'toString', '']) {
      await expect(connection.openSubsystem(name)).rejects.toThrow(/^.* was refused: /);
    }
  });

  test('gives up a subsystem that is not answered in time', async () => {
    await using mute = await openMuteServer();
    const connection = await dial('alice', { port: mute.port });
    await expect(connection.openSubsystem('quiet', { timeoutMs: 100 })).rejects.toThrow(
      new DeadlineError('opening quiet', 100),
    );
  });
});

/** Lets everybody in and never answers a request for a subsystem. */
async function openMuteServer(): Promise<AsyncDisposable & { port: number }> {
  const server = new ssh2.Server({ hostKeys: [host.privateKey] }, (client) => {
    client.on('authentication', (attempt) => attempt.accept());
    client.on('session', (accept) => void accept().on('subsystem', () => {}));
    client.on('error', () => {});
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: async () => void server.close(),
  };
}

describe('limits', () => {
  test('channels of one connection', async () => {
    const connection = await dial();
    const channels: ClientChannel[] = [];
    for (let count = 0; count < LIMITS.channelsPerConnection; count += 1)
      channels.push(await connection.openSubsystem('quiet'));
    await expect(connection.openSubsystem('quiet')).rejects.toThrow('quiet was refused');
    const first = channels[0];
    first?.resume().end();
    await once(first as ClientChannel, 'close');
    await connection.openSubsystem('quiet');
  });

  test('attempts to log in on one connection', async () => {
    let asked = 0;
    await using busy = await openListener({
      identify: () => {
        asked += 1;
        return undefined;
      },
    });
    const client = new ssh2.Client();
    let sent = 0;
    const again = (): never => {
      sent += 1;
      return { type: 'publickey', username: 'x', key: keyOf('mallory').privateKey } as never;
    };
    expect(await outcomeOf(client, { port: busy.port, authHandler: again })).toBe('closed');
    expect({ asked, sent }).toEqual({ asked: LIMITS.loginAttempts, sent: LIMITS.loginAttempts + 1 });
    expect(busy.problems).toEqual(['refused: too many attempts to log in']);
  });

  test('connections of strangers, silent ones too; who is in stays in', async () => {
    const connection = await dial();
    const strangers = await Promise.all(
      Array.from({ length: LIMITS.unauthenticatedConnections }, async () => {
        const socket = connectTcp(listener.port, '127.0.0.1');
        socket.resume().on('error', () => {});
        await once(socket, 'data'); // the banner: this one has been counted
        return socket;
      }),
    );
    const late = connectTcp(listener.port, '127.0.0.1').on('error', () => {});
    await once(late, 'close');
    expect(problems).toEqual(['refused: too many connections']);
    expect(await whoAmI(await connection.openSubsystem('who-am-i'))).toEqual({ peer: 'alice' });

    strangers[0]?.destroy();
    const again = await dialUntilLetIn();
    expect(await whoAmI(await again.openSubsystem('who-am-i'))).toEqual({ peer: 'alice' });
    for (const socket of strangers) socket.destroy();
  });
});

/** The listener hears of a stranger's leaving a moment later. */
async function dialUntilLetIn(): Promise<SshConnection> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await dial();
    } catch (error) {
      if (attempt === 50) throw error;
    }
  }
}

describe('a listener', () => {
  test('does not start on a port that is taken', async () => {
    await expect(openListener({ port: listener.port })).rejects.toMatchObject({
      name: 'OperationError',
      message: expect.stringMatching(/^port \d+ cannot be listened on: .*EADDRINUSE/) as unknown,
    });
  });

  test('does not start with a host key that is none', async () => {
    await expect(openListener({ hostKey: 'cut off' })).rejects.toThrow('not an SSH key');
    await expect(openListener({ hostKey: host.publicKey })).rejects.toThrow('the private half is missing');
  });

  test('tells two sockets apart that come from one address and port', async () => {
    await using wide = await openListener({ address: '0.0.0.0' });
    const first = connectTcp({ host: '127.0.0.1', port: wide.port, localAddress: '127.0.0.1' });
    await once(first, 'data'); // the banner: the listener has it
    const from = { localAddress: '127.0.0.1', localPort: (first.address() as AddressInfo).port };
    const second = connectTcp({ host: '127.0.0.2', port: wide.port, ...from });
    await once(second, 'connect');
    first.end();
    await once(first, 'close'); // what the listener forgets now must not be the second
    const client = new ssh2.Client();
    expect(await outcomeOf(client, { sock: second, privateKey: keyOf('bob').privateKey })).toBe('ready');
    expect(wide.problems).toEqual([]);
    client.end();
  });

  test('lives through bytes that are not SSH', async () => {
    const socket = connectTcp(listener.port, '127.0.0.1').on('error', () => {});
    socket.end('GET / HTTP/1.1\r\n\r\n'.repeat(100));
    socket.resume();
    await once(socket, 'close');
    expect(await whoAmI(await (await dial()).openSubsystem('who-am-i'))).toEqual({ peer: 'alice' });
  });
});
