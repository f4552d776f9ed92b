import { globSync, readFileSync } from 'node:fs';
import { defineConfig } from 'vitest/config';
import { ClosingLine } from './test/closing-line.ts';

const minutes = (count: number): number => count * 60_000;

const UNIT = [
  'src/**/*.test.ts',
  'lab/**/*.test.ts',
  'scripts/**/*.test.ts',
  'test/architecture.test.ts',
  'test/faults/**/*.test.ts',
];
/** A test that puts another module in the place of a real one needs modules of its own. */
const replacesModules = (path: string): boolean => /\bvi\.(mock|doMock)\(/.test(readFileSync(path, 'utf8'));
const ALONE = globSync(UNIT, { cwd: import.meta.dirname }).filter(replacesModules);
/** Vitest leaves one core idle, half of a small box. Unit tests take milliseconds; the limit is for a box that is busy. */
const EVERY_CORE = { maxWorkers: '100%', testTimeout: minutes(0.5) } as const;

export default defineConfig({
  test: {
    reporters: ['default', new ClosingLine()],
    projects: [
      {
        // They share their modules: loading those for each file anew took more than half of the whole time.
        test: { ...EVERY_CORE, name: 'unit', isolate: false, include: UNIT, exclude: ALONE },
      },
      {
        test: { ...EVERY_CORE, name: 'unit-alone', include: ALONE },
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
