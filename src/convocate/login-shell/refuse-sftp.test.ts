import { PassThrough, Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { refuseSftp } from './refuse-sftp.ts';

const INIT = '00000005 01 00000003';
const VERSION = '00000005 02 00000003';
/** REALPATH "." with the id 7, and its refusal with the words "no". */
const REALPATH = '0000000a 10 00000007 00000001 2e';
const DENIED = '00000013 65 00000007 00000003 00000002 6e6f 00000000';

/** LSTAT "." with the id 9, and attributes of which none is told. */
const LSTAT = '0000000a 07 00000009 00000001 2e';
const NOTHING_KNOWN = '00000009 69 00000009 00000000';

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');

async function answersTo(chunks: readonly Buffer[]): Promise<string> {
  const answers = new PassThrough();
  const [said] = await Promise.all([
    buffer(answers),
    refuseSftp(Readable.from(chunks), answers, 'no').finally(() => answers.end()),
  ]);
  return said.toString('hex');
}

test('a client is let in, and each of its requests is denied under its own number', async () => {
  const requests = hex(INIT + REALPATH + REALPATH.replace('07', '08'));
  const answers = hex(VERSION + DENIED + DENIED.replace('07', '08')).toString('hex');
  expect(await answersTo([requests])).toBe(answers);
});

test('however its bytes come', async () => {
  const bytes = [...hex(INIT + REALPATH)].map((byte) => Buffer.from([byte]));
  expect(await answersTo(bytes)).toBe(hex(VERSION + DENIED).toString('hex'));
});

test('a look at a file tells nothing, so that it is the transfer that is denied', async () => {
  const answers = hex(VERSION + NOTHING_KNOWN).toString('hex');
  expect(await answersTo([hex(INIT + LSTAT)])).toBe(answers);
});

test.each([
  ['words', Buffer.from('GET / HTTP/1.1\r\n\r\n')],
  ['a packet without a number', hex('00000001 01')],
  ['half a packet', hex('00000005 01 00')],
  ['nothing', Buffer.alloc(0)],
])('%s gets no answer', async (_, bytes) => {
  expect(await answersTo([bytes])).toBe('');
});
