import { expect, test } from 'vitest';
import { runCommand } from './run-command.ts';

/** Says much, and ends with that exit code long after its reader may have gone. */
const PROGRAM = `
import { outliveReaders } from '${new URL('outlive-readers.ts', import.meta.url).pathname}';
outliveReaders();
if (process.env.HANG_UP) process.kill(process.pid, 'SIGHUP');
for (let line = 0; line < 20; line += 1) {
  process.stdout.write(\`\${line} \${'x'.repeat(100_000)}\\n\`);
  await new Promise((resolve) => setTimeout(resolve, 5));
}
process.exitCode = Number(process.env.ENDS_WITH);
`;

async function run(shellLine: string, endsWith: number): Promise<{ exitCode: number; stderr: string }> {
  const env = { ...process.env, PROGRAM, NODE: process.execPath, ENDS_WITH: String(endsWith) };
  return await runCommand(['bash', '-c', `set -o pipefail; ${shellLine}`], { env });
}

test.each([0, 4])('a reader that goes away does not end it: it ends with its own %i', async (endsWith) => {
  const { exitCode, stderr } = await run('"$NODE" --input-type=module -e "$PROGRAM" | head -c 1', endsWith);
  expect({ exitCode, stderr }).toEqual({ exitCode: endsWith, stderr: '' });
});

test('nor does the end of the terminal that it was started on', async () => {
  const { exitCode } = await run('HANG_UP=1 "$NODE" --input-type=module -e "$PROGRAM" | head -c 1', 4);
  expect(exitCode).toBe(4);
});

test.each([
  [0, 1],
  [4, 4],
])('what a full disk does not take is told, and no success: %i becomes %i', async (endsWith, code) => {
  const { exitCode, stderr } = await run('"$NODE" --input-type=module -e "$PROGRAM" >/dev/full', endsWith);
  expect(exitCode).toBe(code);
  expect(stderr).toBe(
    code === 1 ? 'error: what this said could not be written: ENOSPC: no space left on device, write\n' : '',
  );
});
