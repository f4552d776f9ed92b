import { defineConfig } from 'vitest/config';
import { ClosingLine } from './test/closing-line.ts';

const minutes = (count: number): number => count * 60_000;

/** What needs the real coding agent, which is fetched when it is asked for: `make test-claude`. */
export default defineConfig({
  test: {
    name: 'claude',
    include: ['test/claude/**/*.test.ts'],
    reporters: ['default', new ClosingLine()],
    fileParallelism: false,
    testTimeout: minutes(3),
    hookTimeout: minutes(15),
  },
});
