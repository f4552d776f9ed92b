import { build } from 'esbuild';
import { expect, test } from 'vitest';
import { BUNDLE_OPTIONS } from './bundle-options.ts';

/** Fails once, holding what has to be disposed of. */
const SECOND_TIME_LUCKY = `
async function ask(turn: number): Promise<number> {
  if (turn === 1) throw new Error('the first turn fails');
  return turn;
}
export async function keepAsking(disposed: string[]): Promise<number> {
  for (let turn = 1; ; turn += 1) {
    try {
      await using held = { [Symbol.asyncDispose]: async () => { disposed.push('turn ' + turn); } };
      if (held) return await ask(turn);
    } catch (error) {
      if (turn === 3) throw error;
    }
  }
}
`;

interface Bundled {
  keepAsking(disposed: string[]): Promise<number>;
}

test('what is bundled and held in a loop forgets the error of the turn before', async () => {
  const { outputFiles } = await build({
    ...BUNDLE_OPTIONS,
    stdin: { contents: SECOND_TIME_LUCKY, loader: 'ts' },
    write: false,
  });
  const text = Buffer.from(outputFiles[0]?.contents ?? []).toString('base64');
  const bundled = (await import(`data:text/javascript;base64,${text}`)) as Bundled;
  const disposed: string[] = [];
  expect(await bundled.keepAsking(disposed)).toBe(2);
  expect(disposed).toEqual(['turn 1', 'turn 2']);
});
