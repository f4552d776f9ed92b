import { defineConfig } from 'vitest/config';
import { ClosingLine } from './test/closing-line.ts';

const minutes = (count: number): number => count * 60_000;

export default defineConfig({
  test: {
    reporters: ['default', new ClosingLine()],
    projects: [
      {
        test: {
          name: 'unit',
          // They take milliseconds; this is for a box that is busy with other work.
          testTimeout: minutes(0.5),
          include: [
            'src/**/*.test.ts',
            'lab/**/*.test.ts',
            'scripts/**/*.test.ts',
            'test/architecture.test.ts',
            'test/faults/**/*.test.ts',
          ],
        },
      },
      {
        // Real parts on this machine: Docker, OpenSSH, tmux. One file at a time: they share two cores and one engine.
        test: {
          name: 'integration',
          include: ['test/integration/**/*.test.ts'],
          fileParallelism: false,
          sequence: { groupOrder: 1 },
          testTimeout: minutes(1),
          hookTimeout: minutes(15),
        },
      },
      {
        // Real machines. Each file boots a cluster of its own and takes it down again; most of its time it waits for them,
        // so two share the box.
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          maxWorkers: 2,
          sequence: { groupOrder: 2 },
          testTimeout: minutes(4),
          hookTimeout: minutes(15),
        },
      },
    ],
  },
});
