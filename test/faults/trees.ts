import { buildBadRelease, type Breakage } from '../e2e/support/bad-releases.ts';
import { buildRelease } from '../e2e/support/releases.ts';

export interface BuiltRelease {
  readonly version: string;
  /** The folder of the built tree. */
  readonly tree: string;
}

export interface Trees {
  /** What the sessions run on; it stays on the host for their sake, and takes no turn. */
  readonly first: BuiltRelease;
  /** Three that take turns: one is live, one is the way back, one is rolled out. */
  readonly good: readonly BuiltRelease[];
  readonly bad: ReadonlyMap<Breakage, BuiltRelease>;
}

/** What no packer makes smaller, in program and image: a transfer long enough to be met. */
const BALLAST_BYTES = 3 * 1024 ** 2;

/** `family` tells the releases of one run from those of another in the same checkout. */
export async function buildTrees(family: string, breakages: readonly Breakage[]): Promise<Trees> {
  const version = (number: number, suffix = ''): string => `v1.${number}.0-${family}${suffix}`;
  const build = async (number: number): Promise<BuiltRelease> => ({
    version: version(number),
    tree: await buildRelease({ version: version(number), ballastBytes: BALLAST_BYTES }),
  });
  const first = await build(0);
  const good: BuiltRelease[] = [];
  for (const number of [1, 2, 3]) good.push(await build(number));
  const bad = new Map<Breakage, BuiltRelease>();
  for (const [index, breakage] of breakages.entries()) {
    const name = version(9, `-bad${index}`);
    bad.set(breakage, { version: name, tree: await buildBadRelease(name, breakage) });
  }
  return { first, good, bad };
}
