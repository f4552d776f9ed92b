import { type Duplex, duplexPair } from 'node:stream';
import * as fc from 'fast-check';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { ATTACH, type TerminalEnd } from '../../protocol/attach.ts';
import { type Frame, FrameParser, encodeFrame } from '../../protocol/attach-frames.ts';
import { HeldTerminal } from './held-terminal.ts';

afterEach(() => vi.useRealTimers());

async function settle(turns = 6): Promise<void> {
  for (let turn = 0; turn < turns; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

/** A terminal whose far side is a program that the test plays. */
function terminalFor(options: { holdMs?: number; hasDrawn?: boolean } = {}): Fixture {
  const [near, program] = duplexPair();
  const typed: Buffer[] = [];
  program.on('data', (keys: Buffer) => typed.push(keys));
  const sizes: string[] = [];
  const lost: string[] = [];
  const { hasDrawn = true, ...rest } = options;
  const held = new HeldTerminal({
    stream: near,
    onKeys: () => {},
    resize: (cols, rows) => sizes.push(`${cols}x${rows}`),
    onLost: (why) => lost.push(why),
    ...rest,
  });
  if (hasDrawn) near.uncork(); // without output, which most tests count
  return { held, near, program, sizes, lost, typed: () => Buffer.concat(typed) };
}

interface Fixture {
  readonly held: HeldTerminal;
  readonly near: Duplex;
  readonly program: Duplex;
  readonly sizes: string[];
  readonly lost: string[];
  readonly typed: () => Buffer;
}

/** The client's side of the contract, told by hand: it counts what it gets and resends what was not taken. */
class Client {
  readonly frames: Frame[] = [];
  #output = Buffer.alloc(0);
  #keys = Buffer.alloc(0);
  #stream: Duplex | undefined;
  #greeted = false;
  #acknowledges: boolean;

  constructor(acknowledges = true) {
    this.#acknowledges = acknowledges;
  }

  get output(): Buffer {
    return this.#output;
  }

  get received(): number {
    return this.#output.length;
  }

  connect(held: HeldTerminal): Duplex {
    const [near, channel] = duplexPair();
    const parser = new FrameParser();
    near.on('data', (chunk: Buffer) => {
      if (this.#stream === near) parser.push(chunk, (frame) => this.#take(frame));
    });
    this.#stream = near;
    this.#greeted = false;
    held.connect(channel, this.received);
    return near;
  }

  send(frame: Frame): void {
    this.#stream?.write(encodeFrame(frame));
  }

  type(keys: Buffer): void {
    this.#keys = Buffer.concat([this.#keys, keys]);
    if (this.#greeted) this.send({ type: 'data', bytes: keys }); // else the hello tells from where on
  }

  cut(): void {
    this.#stream?.destroy();
    this.#stream = undefined;
  }

  #take(frame: Frame): void {
    this.frames.push(frame);
    if (frame.type === 'data') {
      this.#output = Buffer.concat([this.#output, frame.bytes]);
      if (this.#acknowledges) this.send({ type: 'ack', offset: this.received });
    }
    if (frame.type !== 'hello') return;
    this.#greeted = true;
    expect(frame.output).toBe(this.received);
    const again = this.#keys.subarray(frame.keys);
    if (again.length > 0) this.send({ type: 'data', bytes: again });
  }
}

describe('what is printed and typed', () => {
  test('keys wait until the terminal has drawn, and lose none of them', async () => {
    const { held, program, typed } = terminalFor({ hasDrawn: false });
    const client = new Client();
    client.connect(held);
    await settle();
    client.type(Buffer.from('ls'));
    client.type(Buffer.from(' -l\r'));
    await settle();
    expect(typed().toString()).toBe('');
    program.write('drawn');
    await settle();
    expect(typed().toString()).toBe('ls -l\r');
  });

  test('arrives exactly once and in order, however often and wherever the connection is cut', async () => {
    const step = fc.oneof(
      { weight: 4, arbitrary: fc.record({ print: fc.integer({ min: 1, max: 90_000 }) }) },
      { weight: 4, arbitrary: fc.record({ type: fc.integer({ min: 1, max: 300 }) }) },
      { weight: 3, arbitrary: fc.record({ turns: fc.nat(4) }) },
      { weight: 2, arbitrary: fc.constant('cut' as const) },
      { weight: 2, arbitrary: fc.constant('connect' as const) },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 30 }), async (steps) => {
        const { held, program, typed } = terminalFor();
        const client = new Client();
        let printed = Buffer.alloc(0);
        let keys = Buffer.alloc(0);
        for (const one of steps) {
          if (one === 'cut') client.cut();
          else if (one === 'connect')
            client.connect(held); // also while the old channel stands: it takes over
          else if ('turns' in one) await settle(one.turns);
          else if ('print' in one) {
            const bytes = Buffer.from(
              Array.from({ length: one.print }, (_, index) => (printed.length + index) % 253),
            );
            printed = Buffer.concat([printed, bytes]);
            program.write(bytes);
          } else {
            const bytes = Buffer.from(
              Array.from({ length: one.type }, (_, index) => (keys.length + index) % 251),
            );
            keys = Buffer.concat([keys, bytes]);
            client.type(bytes);
          }
        }
        client.connect(held);
        await vi.waitFor(() => {
          expect(client.received).toBe(printed.length);
          expect(typed().length).toBe(keys.length);
        });
        expect(client.output.equals(printed)).toBe(true);
        expect(typed().equals(keys)).toBe(true);
        held.close();
      }),
      { numRuns: 60 },
    );
  }, 60_000);

  test('output that nobody acknowledges stops at the window; without a client at what is held', async () => {
    const { held, program } = terminalFor();
    const client = new Client(false);
    client.connect(held);
    for (let sent = 0; sent < 4 * ATTACH.heldBytes; sent += 65_536) program.write(Buffer.alloc(65_536, 'y'));
    await settle(200);
    expect(client.received).toBeGreaterThanOrEqual(ATTACH.windowBytes);
    expect(client.received).toBeLessThanOrEqual(ATTACH.windowBytes + 65_536);
    const left = program.writableLength;
    expect(left).toBeGreaterThan(2 * ATTACH.heldBytes);

    client.cut();
    await settle(200);
    expect(left - program.writableLength).toBeLessThanOrEqual(ATTACH.heldBytes);
    // Keys have a way of their own.
    client.connect(held);
    client.type(Buffer.from('\u0003'));
    await settle();
    held.close();
  });

  test('keys get through while output waits for the client', async () => {
    const { held, program, typed } = terminalFor();
    const client = new Client(false);
    client.connect(held);
    program.write(Buffer.alloc(2 * ATTACH.windowBytes, 'y'));
    await settle(50);
    client.type(Buffer.from('\u0003'));
    await settle();
    expect(typed().toString()).toBe('\u0003');
    held.close();
  });
});

describe('a client', () => {
  test('that lacks more than is kept is refused, and the one that is connected stays', async () => {
    const { held, program } = terminalFor();
    const client = new Client();
    client.connect(held);
    program.write('abcdef');
    await vi.waitFor(() => expect(client.output.toString()).toBe('abcdef'));
    await settle();
    const [, channel] = duplexPair();
    expect(() => held.connect(channel, 2)).toThrow(RangeError);
    expect(() => held.connect(channel, 7)).toThrow(RangeError);
    program.write('ghi');
    await vi.waitFor(() => expect(client.output.toString()).toBe('abcdefghi'));
    held.close();
  });

  test('that acknowledges what was never sent, or says hello, is cut off and may come back', async () => {
    const { held, lost } = terminalFor();
    const client = new Client();
    client.connect(held);
    client.send({ type: 'ack', offset: 1 });
    await vi.waitFor(() => expect(lost).toEqual(['offset 1 was never sent']));
    client.connect(held);
    client.send({ type: 'hello', keys: 0, output: 0 });
    await vi.waitFor(() => expect(lost).toHaveLength(2));
    held.close();
  });

  test('sends its size in a frame', async () => {
    const { held, sizes } = terminalFor();
    const client = new Client();
    client.connect(held);
    client.send({ type: 'resize', cols: 120, rows: 40 });
    await vi.waitFor(() => expect(sizes).toEqual(['120x40']));
    held.close();
  });

  test('is told that its keys were taken', async () => {
    const { held } = terminalFor();
    const client = new Client();
    client.connect(held);
    client.type(Buffer.from('abc'));
    await vi.waitFor(() => expect(client.frames).toContainEqual({ type: 'ack', offset: 3 }));
    held.close();
  });
});

describe('the end', () => {
  const ended: TerminalEnd = { reason: 'ended', exit_code: 5 };

  test('comes behind all output, also to a client that comes back later; then it is forgotten', async () => {
    const { held, program } = terminalFor();
    const client = new Client();
    client.connect(held);
    await settle();
    client.cut();
    program.write('last words');
    await settle();
    held.end(ended);
    client.connect(held);
    await vi.waitFor(() => expect(client.frames.at(-1)).toEqual({ type: 'end', end: ended }));
    expect(client.output.toString()).toBe('last words');
    expect(held.lastWords).toBe('last words');
    client.send({ type: 'end', end: { reason: 'left' } });
    await held.over;
  });

  test('a client that leaves is not waited for', async () => {
    const { held } = terminalFor();
    const client = new Client();
    client.connect(held);
    client.send({ type: 'end', end: { reason: 'left' } });
    await held.abandoned;
    held.close();
    await held.over;
  });

  test('one that does not come back is given up after the time it is held, and not before', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const { held, lost } = terminalFor();
    let abandoned = false;
    void held.abandoned.then(() => (abandoned = true));
    const client = new Client();
    client.connect(held);
    await settle();
    client.cut();
    await settle();
    expect(lost).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(ATTACH.holdMs - 1);
    expect(abandoned).toBe(false);
    client.connect(held);
    await settle();
    client.cut();
    await settle();
    await vi.advanceTimersByTimeAsync(ATTACH.holdMs - 1);
    expect(abandoned).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    expect(abandoned).toBe(true);
    held.close();
  });
});
