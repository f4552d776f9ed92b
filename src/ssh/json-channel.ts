import type { Duplex } from 'node:stream';
import { LineReader } from '../base/line-reader.ts';
import { LIMITS } from '../protocol/limits.ts';

export class ChannelClosedError extends Error {
  override readonly name = 'ChannelClosedError';
}

/**
 * Reads the first line of `channel`, by default of at most the contract's length, and gives back what came after it in the same
 * packets: whoever goes on in raw mode must not lose the first keys typed. The channel is left paused.
 */
export async function readFirstLine(
  channel: Duplex,
  maxBytes: number = LIMITS.lineBytes,
): Promise<{ readonly line: string; readonly rest: Buffer }> {
  const reader = new LineReader(maxBytes);
  return await new Promise((resolve, reject) => {
    const finish = (act: () => void): void => {
      channel.pause();
      channel.off('data', onData);
      channel.off('end', onEnd);
      channel.off('close', onEnd);
      act();
    };
    const onEnd = (): void =>
      finish(() => reject(new ChannelClosedError('the channel ended before a whole line came')));
    const onData = (chunk: Buffer): void => {
      const newline = chunk.indexOf(0x0a);
      try {
        const [line] = reader.push(newline === -1 ? chunk : chunk.subarray(0, newline + 1));
        if (line !== undefined) finish(() => resolve({ line, rest: chunk.subarray(newline + 1) }));
      } catch (error) {
        finish(() => reject(error));
      }
    };
    channel.on('data', onData);
    channel.on('end', onEnd);
    channel.on('close', onEnd);
  });
}

export function writeJsonLine(
  channel: Duplex,
  value: unknown,
  onWritten?: (error?: Error | null) => void,
): boolean {
  return channel.write(`${JSON.stringify(value)}\n`, onWritten);
}

/** Calls `onLine` for each line until the channel ends; a line that is too long ends it. */
export function readLines(
  channel: Duplex,
  onLine: (line: string) => void,
  onError: (error: Error) => void,
  maxBytes: number = LIMITS.lineBytes,
): void {
  const reader = new LineReader(maxBytes);
  channel.on('data', (chunk: Buffer) => {
    try {
      for (const line of reader.push(chunk)) onLine(line);
    } catch (error) {
      onError(error as Error);
      channel.destroy();
    }
  });
}
