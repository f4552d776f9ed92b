import * as z from 'zod/mini';
import { isVersion } from './ids.ts';

const Version = z.string().check(z.refine(isVersion, 'is not a version'));

/**
 * A rollout that is not confirmed yet, as it lies on the disk of the host from before the switch on: in `armed.json`, or
 * in `returning.json` while it is taken back. What the shell cannot read the host cannot either.
 */
export const Armed = z.object({
  /** The fence's number of the rollout; see rollout-fence.ts. */
  rollout: z.int(),
  /** The release to go back to: the live one when this was written. */
  from: Version,
  to: Version,
  /** What `previous` named before; going back restores that too. */
  previous: z.nullable(Version),
  /** In seconds since the host was started, a clock that nobody sets. */
  deadline_s: z.number(),
  window_s: z.number(),
});
export type Armed = z.infer<typeof Armed>;
