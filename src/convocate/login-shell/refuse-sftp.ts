import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';

/** Of SFTP version 3, which OpenSSH speaks (draft-ietf-secsh-filexfer-02). */
const INIT = 1;
const VERSION = 2;
const LSTAT = 7;
const STAT = 17;
const STATUS = 101;
const ATTRS = 105;
const PERMISSION_DENIED = 3;
/** A type, and a number: a version, or the id of a request. */
const LEAST_BYTES = 5;
/** The longest packet that OpenSSH sends. */
const MOST_BYTES = 256 * 1024;

/**
 * Refuses a client of SFTP, such as `scp`, in its own protocol: sshd throws away what a subsystem says on stderr, and
 * one that says nothing at all leaves "Connection closed". It is let in and all that it wants to do is denied, with
 * `why` where a client shows words of ours. Ends with its input, or at what is no SFTP.
 */
export async function refuseSftp(requests: Readable, answers: Writable, why: string): Promise<void> {
  let bytes = Buffer.alloc(0);
  for await (const chunk of requests) {
    bytes = Buffer.concat([bytes, chunk as Buffer]);
    while (bytes.length >= 4) {
      const length = bytes.readUInt32BE(0);
      if (length < LEAST_BYTES || length > MOST_BYTES) return;
      if (bytes.length < 4 + length) break;
      if (!answers.write(answerTo(bytes.subarray(4, 4 + length), why))) await once(answers, 'drain');
      bytes = bytes.subarray(4 + length);
    }
  }
}

function answerTo(request: Buffer, why: string): Buffer {
  if (request[0] === INIT) return packet(VERSION, uint32(3));
  const id = request.subarray(1, LEAST_BYTES);
  // Attributes that hold nothing: where this is denied, scp takes the file for missing, and says that instead.
  if (request[0] === STAT || request[0] === LSTAT) return packet(ATTRS, id, uint32(0));
  return packet(STATUS, id, uint32(PERMISSION_DENIED), text(why), text(''));
}

function packet(type: number, ...fields: readonly Buffer[]): Buffer {
  const body = Buffer.concat([Buffer.from([type]), ...fields]);
  return Buffer.concat([uint32(body.length), body]);
}

function text(words: string): Buffer {
  const bytes = Buffer.from(words);
  return Buffer.concat([uint32(bytes.length), bytes]);
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
