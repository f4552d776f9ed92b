import { expect, test } from 'vitest';
import { type SessionEnd, endCause } from './how-it-ended.ts';

test.each<[SessionEnd, string | undefined]>([
  [{}, undefined],
  [{ exit_code: 0 }, 'exit code 0'],
  [{ exit_code: 137, oom_killed: true }, 'exit code 137, out of memory'],
  [{ exit_code: 137, asked_to_stop: true }, 'exit code 137, by a kill'],
  [{ exit_code: 255 }, 'exit code 255, as after a power cut of its host'],
  [{ exit_code: 255, asked_to_stop: true }, 'exit code 255, by a kill'],
])('%j ended with %s', (end, cause) => {
  expect(endCause(end)).toBe(cause);
});
