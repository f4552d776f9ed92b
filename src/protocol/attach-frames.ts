import { ATTACH, TerminalEnd } from './attach.ts';

/**
 * The frames of a resumable terminal, after the header line: 1 byte type, 4 byte length (big endian), payload. All
 * numbers are unsigned and big endian; offsets count bytes of DATA of one direction since the terminal was opened.
 */
export type Frame =
  /** The agent's first frame: keys it has taken, and where the output that follows begins. */
  | { readonly type: 'hello'; readonly keys: number; readonly output: number }
  | { readonly type: 'data'; readonly bytes: Buffer }
  /** Everything before `offset` of the other direction has arrived and been dealt with. */
  | { readonly type: 'ack'; readonly offset: number }
  | { readonly type: 'resize'; readonly cols: number; readonly rows: number }
  | { readonly type: 'ping' }
  /** Nothing follows it in this direction. */
  | { readonly type: 'end'; readonly end: TerminalEnd };

/** What each type is on the wire, and how long its payload may be. None is `{`, which begins a refusal. */
export const FRAME_TYPES = {
  hello: {
    code: 1,
    least: 16,
    most: 16,
    payload: 'keys taken (8 bytes), offset of the output that follows (8)',
  },
  data: { code: 2, least: 1, most: ATTACH.frameBytes, payload: 'bytes of the terminal' },
  ack: { code: 3, least: 8, most: 8, payload: 'offset up to which DATA has been taken (8)' },
  resize: { code: 4, least: 4, most: 4, payload: 'columns (2), rows (2)' },
  ping: { code: 5, least: 0, most: 0, payload: 'none' },
  end: { code: 6, least: 2, most: 1024, payload: 'JSON: why it is over' },
} as const satisfies Record<Frame['type'], { code: number; least: number; most: number; payload: string }>;

const HEAD_BYTES = 5;

/** The other side does not keep to the contract; the connection is of no use any more. */
export class FrameError extends Error {
  override readonly name = 'FrameError';
}

export function encodeFrame(frame: Frame): Buffer {
  const payload = payloadOf(frame);
  const { code, most } = FRAME_TYPES[frame.type];
  if (payload.length > most) throw new FrameError(`a ${frame.type} of ${payload.length} bytes is too long`);
  const bytes = Buffer.allocUnsafe(HEAD_BYTES + payload.length);
  bytes.writeUInt8(code, 0);
  bytes.writeUInt32BE(payload.length, 1);
  bytes.set(payload, HEAD_BYTES);
  return bytes;
}

/** Takes a stream apart, however it is cut. Holds no more than one frame. */
export class FrameParser {
  readonly #head = Buffer.alloc(HEAD_BYTES);
  #headFilled = 0;
  #payload: Buffer | undefined;
  #filled = 0;

  /** Calls `onFrame` for every frame that is whole now. Throws {@link FrameError} at the first damage, and ever after. */
  push(chunk: Uint8Array, onFrame: (frame: Frame) => void): void {
    let at = 0;
    for (;;) {
      if (!this.#payload) {
        const head = chunk.subarray(at, at + HEAD_BYTES - this.#headFilled);
        this.#head.set(head, this.#headFilled);
        this.#headFilled += head.length;
        at += head.length;
        if (this.#headFilled > 0) typeOf(this.#head[0] ?? 0);
        if (this.#headFilled < HEAD_BYTES) return;
        this.#payload = Buffer.allocUnsafe(lengthIn(this.#head));
        this.#filled = 0;
      }
      const part = chunk.subarray(at, at + this.#payload.length - this.#filled);
      this.#payload.set(part, this.#filled);
      this.#filled += part.length;
      at += part.length;
      if (this.#filled < this.#payload.length) return;
      const frame = decode(typeOf(this.#head[0] ?? 0), this.#payload);
      this.#payload = undefined;
      this.#headFilled = 0;
      onFrame(frame);
    }
  }
}

function payloadOf(frame: Frame): Uint8Array {
  switch (frame.type) {
    case 'hello':
      return Buffer.concat([offsetBytes(frame.keys), offsetBytes(frame.output)]);
    case 'data':
      return frame.bytes;
    case 'ack':
      return offsetBytes(frame.offset);
    case 'resize': {
      const bytes = Buffer.alloc(4);
      bytes.writeUInt16BE(frame.cols, 0);
      bytes.writeUInt16BE(frame.rows, 2);
      return bytes;
    }
    case 'ping':
      return Buffer.alloc(0);
    case 'end':
      return Buffer.from(JSON.stringify(frame.end));
  }
}

function typeOf(code: number): Frame['type'] {
  for (const type of Object.keys(FRAME_TYPES) as Frame['type'][])
    if (FRAME_TYPES[type].code === code) return type;
  throw new FrameError(`there is no frame of type ${code}`);
}

function lengthIn(head: Buffer): number {
  const type = typeOf(head[0] ?? 0);
  const length = head.readUInt32BE(1);
  const { least, most } = FRAME_TYPES[type];
  if (length < least || length > most)
    throw new FrameError(`a ${type} frame has ${least} to ${most} bytes, not ${length}`);
  return length;
}

function decode(type: Frame['type'], payload: Buffer): Frame {
  switch (type) {
    case 'hello':
      return { type, keys: offsetIn(payload, 0), output: offsetIn(payload, 8) };
    case 'data':
      return { type, bytes: payload };
    case 'ack':
      return { type, offset: offsetIn(payload, 0) };
    case 'resize':
      return { type, cols: payload.readUInt16BE(0), rows: payload.readUInt16BE(2) };
    case 'ping':
      return { type };
    case 'end':
      return { type, end: endIn(payload) };
  }
}

function endIn(payload: Buffer): TerminalEnd {
  try {
    return TerminalEnd.parse(JSON.parse(payload.toString('utf8')));
  } catch (cause) {
    throw new FrameError('an end frame says nothing that can be read', { cause });
  }
}

function offsetBytes(offset: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(offset));
  return bytes;
}

function offsetIn(payload: Buffer, at: number): number {
  const offset = payload.readBigUInt64BE(at);
  if (offset > BigInt(Number.MAX_SAFE_INTEGER))
    throw new FrameError(`an offset of ${offset} is out of reason`);
  return Number(offset);
}
