import { expect, test } from 'vitest';
import { UNKNOWN_USAGE, parseUnitUsage } from './unit-usage.ts';

test('what systemd counts, unit by unit, and what it does not know', () => {
  const text = [
    'MemoryCurrent=4096\nMemoryMax=8589934592\nCPUUsageNSec=123456789012\nTasksCurrent=7\nId=convocate-sessions.slice\n',
    'MemoryCurrent=[not set]\nMemoryMax=infinity\nCPUUsageNSec=18446744073709551615\nId=docker-0.scope\n',
    'Id=docker-1.scope\nMemoryCurrent=1\nTasksCurrent=2\n',
  ].join('\n');
  expect([...parseUnitUsage(text)]).toEqual([
    [
      'convocate-sessions.slice',
      { memory_bytes: 4096, memory_max_bytes: 8_589_934_592, cpu_usage_ns: 123_456_789_012, tasks: 7 },
    ],
    ['docker-0.scope', UNKNOWN_USAGE],
    ['docker-1.scope', { ...UNKNOWN_USAGE, memory_bytes: 1, tasks: 2 }],
  ]);
});

test.each(['', '\n', 'Failed to connect to bus\n'])('nothing in %j', (text) => {
  expect(parseUnitUsage(text).size).toBe(0);
});
