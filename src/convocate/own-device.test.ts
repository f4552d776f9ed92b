import { expect, test } from 'vitest';
import { runChecked } from '../base/run-command.ts';

/** Run with a terminal of its own: uses it often, and prints how many more files it has open after that. */
const USES_OFTEN = `
import { readdirSync } from 'node:fs';
import { once } from 'node:events';
import { openDevice, sizeOfDevice } from '${new URL('own-device.ts', import.meta.url).pathname}';
const use = async () => {
  const stream = openDevice({ message: 'no terminal' });
  stream.setRawMode(true).setRawMode(false).destroy();
  await once(stream, 'close');
  return sizeOfDevice();
};
const openFiles = () => readdirSync('/proc/self/fd').length;
await use();
const before = openFiles();
for (let count = 0; count < 5; count += 1) await use();
console.log(JSON.stringify({ ...(await use()), left: openFiles() - before }));
`;

test('leaves no file open behind', async () => {
  const script = `stty rows 33 cols 111; exec ${process.execPath} --input-type=module -e "$USES_OFTEN"`;
  const stdout = await runChecked(['script', '-qec', script, '/dev/null'], {
    env: { ...process.env, USES_OFTEN },
    timeoutMs: 20_000,
  });
  expect(JSON.parse(stdout)).toEqual({ cols: 111, rows: 33, left: 0 });
});
