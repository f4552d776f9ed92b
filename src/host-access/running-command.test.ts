import { afterEach, beforeEach, expect, test } from 'vitest';
import { OperationError } from '../base/errors.ts';
import { startProcess } from '../base/run-command.ts';
import type { RunningCommand } from './host.ts';
import { followProcess } from './running-command.ts';

const argv = ['hold-lock', '/run/lock'];
let child: ReturnType<typeof startProcess>;
let running: RunningCommand;

beforeEach(() => {
  child = startProcess(['sleep', '60'], { stdio: ['pipe', 'pipe', 'pipe'] });
  running = followProcess('agent-a', argv, child);
});
afterEach(() => child.kill('SIGKILL'));

test.each([
  ['says nothing', () => running.firstLine(10)],
  ['does not end with its stdin', () => running.finish(10)],
])('a process that %s in time is told with host and command', async (_what, wait) => {
  const error = await wait().catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(OperationError);
  expect(error).toMatchObject({
    message: 'the host did not finish a command within 0.01 s',
    details: { host: 'agent-a', argv, hint: expect.any(String) as string },
  });
});
