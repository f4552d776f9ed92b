import { expect, test } from 'vitest';
import { parseMemory, readHostCapacity } from './host-capacity.ts';

test('what the kernel says', () => {
  const text =
    'MemTotal:       16374752 kB\nMemFree:         1234567 kB\nMemAvailable:    8000000 kB\nHugePages_Total:       0\n';
  expect(parseMemory(text)).toEqual({
    memory_bytes: 16_374_752 * 1024,
    memory_available_bytes: 8_000_000 * 1024,
  });
});

test.each(['', 'MemTotal: 12 kB\n', 'MemTotal: many kB\nMemAvailable: 1 kB\n'])('%j says nothing', (text) => {
  expect(parseMemory(text)).toBeUndefined();
});

test('this machine has some of each', async () => {
  const capacity = await readHostCapacity();
  expect(capacity?.cpus).toBeGreaterThan(0);
  expect(capacity?.memory_bytes).toBeGreaterThanOrEqual(capacity?.memory_available_bytes ?? Infinity);
});
