import { expect, test } from 'vitest';
import { UNKNOWN_USAGE, parseSliceUsage } from './slice-usage.ts';

test('what systemd counts', () => {
  const text = 'MemoryCurrent=4096\nMemoryMax=8589934592\nCPUUsageNSec=123456789012\nTasksCurrent=7\n';
  expect(parseSliceUsage(text)).toEqual({
    memory_bytes: 4096,
    memory_max_bytes: 8_589_934_592,
    cpu_usage_ns: 123_456_789_012,
    tasks: 7,
  });
});

test('what systemd does not know', () => {
  const text = 'MemoryCurrent=[not set]\nMemoryMax=infinity\nCPUUsageNSec=18446744073709551615\n';
  expect(parseSliceUsage(text)).toEqual(UNKNOWN_USAGE);
});
