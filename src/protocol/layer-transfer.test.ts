import { describe, expect, test } from 'vitest';
import { ackLine, formatSentLayer, packedLayerName, parseAck, parseSentLayer } from './layer-transfer.ts';

const [layer, base] = ['a'.repeat(64), 'b'.repeat(64)];

describe('a layer on its way', () => {
  test.each([
    [{ diffId: layer, offset: 0, packedBytes: 12 }, `${layer}:0:12`],
    [
      { diffId: layer, offset: 5, packedBytes: 12, base: { diffId: base, sizeBytes: 380_000_000 } },
      `${layer}:5:12:${base}:380000000`,
    ],
  ])('%j is one word', (sent, word) => {
    expect(formatSentLayer(sent)).toBe(word);
    expect(parseSentLayer(word)).toEqual(sent);
  });

  test.each([
    '',
    layer,
    `${layer}:1`,
    `${layer}:-1:2`,
    `${layer}:1:2:${base}`,
    `../${layer}:1:2`,
    `${layer}:1:2 `,
  ])('%j is none', (word) => {
    expect(parseSentLayer(word)).toBe(undefined);
  });

  test('has one name whole and others as a patch', () => {
    expect(packedLayerName(layer)).toBe(`${layer}.zst`);
    expect(packedLayerName(layer, base)).toBe(`${layer}.from-${base}.zst`);
  });
});

test('an acknowledgement is read as it was said, and nothing else is', () => {
  expect(parseAck(ackLine(1_048_576).trimEnd())).toBe(1_048_576);
  for (const line of ['', 'ack', 'ack x', 'ack -1', '{"ack":1}', ' ack 1'])
    expect(parseAck(line)).toBe(undefined);
});
