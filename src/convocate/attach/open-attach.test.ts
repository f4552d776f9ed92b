import type { Socket } from 'node:net';
import { type Duplex, duplexPair } from 'node:stream';
import type { ReadStream } from 'node:tty';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { ShellTerminal } from '../../cluster/shell-client.ts';
import { openAttach } from './open-attach.ts';

const NAME = 'api on agent-a';
let stream: Duplex;
let operator: Duplex;
let shown: string;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  [stream, operator] = duplexPair();
  shown = '';
  operator.on('data', (bytes: Buffer) => (shown += bytes.toString()));
});
afterEach(() => vi.useRealTimers());

async function settle(): Promise<void> {
  for (let turn = 0; turn < 6; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

const own = () => ({ stream: stream as unknown as ReadStream });
const terminalThat = (says: string): ShellTerminal => ({
  socket: duplexPair()[0] as unknown as Socket,
  first: Buffer.from(says),
  resize: async () => {},
});
/** Never opens, and fails as a connection that is destroyed does. */
const hanging = async (signal: AbortSignal): Promise<ShellTerminal> =>
  await new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(new Error('destroyed')));
  });

test('a session that is there at once is opened without a word, and gets what was typed meanwhile', async () => {
  const opening = openAttach({
    own: own(),
    name: NAME,
    open: async () => {
      await settle();
      return terminalThat('hello');
    },
  });
  operator.write('ls\x03\r');
  expect(await opening).toMatchObject({ how: 'open', first: Buffer.from('hello') });
  expect(shown).toBe('');
  const typed = new Promise((resolve) => stream.once('data', resolve));
  stream.resume();
  expect(String(await typed)).toBe('ls\x03\r');
});

test('one that takes its time says so, and from then on Ctrl-C leaves', async () => {
  const opening = openAttach({ own: own(), name: NAME, open: hanging });
  operator.write('\x03');
  await settle();
  vi.advanceTimersByTime(500);
  await settle();
  expect(shown).toBe(`opening ${NAME} …   Ctrl-C leaves`);
  operator.write('\x03');
  expect(await opening).toEqual({ how: 'left' });
  await settle();
  expect(shown.endsWith('\r\u001b[K')).toBe(true);
});

test.each([
  ['SIGTERM', () => process.emit('SIGTERM', 'SIGTERM')],
  ['SIGHUP', () => stream.destroy()],
])('%s ends it at any time', async (signal, happen) => {
  const opening = openAttach({ own: own(), name: NAME, open: hanging });
  await settle();
  happen();
  expect(await opening).toEqual({ how: 'signal', signal });
});

test('whoever runs it can end it, also before it began', async () => {
  const ended = new AbortController();
  const opening = openAttach({ own: own(), name: NAME, open: hanging, ended: ended.signal });
  ended.abort();
  expect(await opening).toEqual({ how: 'signal', signal: 'SIGTERM' });
  const late = openAttach({ own: own(), name: NAME, open: hanging, ended: ended.signal });
  expect(await late).toEqual({ how: 'signal', signal: 'SIGTERM' });
});

test('a refusal is told as it is', async () => {
  const open = (): Promise<ShellTerminal> => Promise.reject(new Error('agent-a does not answer'));
  await expect(openAttach({ own: own(), name: NAME, open })).rejects.toThrow('agent-a does not answer');
});
