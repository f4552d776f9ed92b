import { randomUUID } from 'node:crypto';
import { normalize, resolve } from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { quoteArgument } from '../base/shell-quote.ts';
import { imageTagOf, isAgentId, isSessionId, isVersion, versionOfImageTag } from './ids.ts';

const UUID = '0b6f3c1e-8a52-4d7b-9c01-2f3e4d5c6b7a';

/** Ids that removed, hid or escaped something in the system before this one. */
const TRAPS = [
  '',
  '.',
  '..',
  '/',
  '.ssh',
  '*',
  '-rf',
  'null',
  'undefined',
  `${UUID}/`,
  `/${UUID}`,
  `../${UUID}`,
  `${UUID}/..`,
  `${UUID}\n`,
  `\n${UUID}`,
  ` ${UUID}`,
  `${UUID} `,
  `${UUID}\0`,
  `${UUID}\u2028`,
  UUID.toUpperCase(),
  UUID.replaceAll('-', ''),
  `{${UUID}}`,
  `urn:uuid:${UUID}`,
  UUID.replace('-4', '-1'),
  UUID.replace('-9', '-c'),
  '00000000-0000-0000-0000-000000000000',
  `${UUID}${UUID}`,
];

const safeSegment = (id: string): boolean =>
  resolve('/home/claude', id) === `/home/claude/${id}` &&
  normalize(id) === id &&
  quoteArgument(id) === id &&
  !id.startsWith('-');

describe('a session id', () => {
  test('is a UUID of version 4, as every library makes them', () => {
    expect(isSessionId(UUID)).toBe(true);
    fc.assert(fc.property(fc.uuid({ version: 4 }), (id) => isSessionId(id)));
    for (let round = 0; round < 100; round += 1) expect(isSessionId(randomUUID())).toBe(true);
  });

  test.each(TRAPS)('is not %j', (id) => {
    expect(isSessionId(id)).toBe(false);
  });

  test('that is accepted is safe as one segment of a path and as an argument', () => {
    const near = fc
      .tuple(fc.uuid(), fc.nat(40), fc.string({ unit: 'binary', maxLength: 3 }), fc.nat(3))
      .map(([id, at, extra, cut]) => id.slice(0, at) + extra + id.slice(at + cut));
    fc.assert(
      fc.property(fc.oneof(near, fc.string({ unit: 'binary' }), fc.uuid()), (id) => {
        fc.pre(isSessionId(id));
        expect(id).toMatch(/^[0-9a-f-]{36}$/);
        expect(safeSegment(id)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });
});

describe('an agent id', () => {
  test.each(['abcd1234', '00000000', 'zzzzzzzz'])('may be %s', (id) => {
    expect(isAgentId(id)).toBe(true);
  });
  test.each(['', 'abcd123', 'abcd12345', 'ABCD1234', 'abcd-123', 'abcd1234\n', '../abcde', 'abcd123é'])(
    'is not %j',
    (id) => {
      expect(isAgentId(id)).toBe(false);
    },
  );
});

describe('a version', () => {
  test.each(['v1.2.3', 'v0.0.1-14-g53e82ab', '53e82ab', '53e82ab-dirty', '1', '_x', 'a'.repeat(128)])(
    'may be %s',
    (version) => {
      expect(isVersion(version)).toBe(true);
      expect(imageTagOf(version)).toBe(`convocate:${version}`);
      expect(versionOfImageTag(imageTagOf(version))).toBe(version);
    },
  );

  test.each(['', '.', '..', '.hidden', '-v1', 'v1..2', 'a/b', 'a b', 'v1\n', 'v1:2', 'ä', 'a'.repeat(129)])(
    'is not %j',
    (version) => {
      expect(isVersion(version)).toBe(false);
      expect(() => imageTagOf(version)).toThrow(new TypeError(`not a version: ${JSON.stringify(version)}`));
    },
  );

  test('that is accepted is safe as one segment of a path and as an argument', () => {
    const text = fc.string({
      unit: fc.constantFrom('a', 'Z', '9', '.', '-', '_', '/', '~', ' '),
      maxLength: 8,
    });
    fc.assert(
      fc.property(text, (version) => {
        fc.pre(isVersion(version));
        expect(safeSegment(version)).toBe(true);
      }),
    );
  });
});

test.each([
  'debian:12',
  'convocate',
  'convocate:',
  'convocate:a:b',
  'convocate-staging:v1',
  'registry/convocate:v1',
  'convocate:..',
])('the tag %s is not one of ours', (tag) => {
  expect(versionOfImageTag(tag)).toBe(undefined);
});
