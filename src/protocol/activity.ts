import * as z from 'zod/mini';

/**
 * What the program in a session is doing, as far as anyone can know:
 * `working` on something; `waiting` for a person's answer; `idle`, its turn done and nothing asked; `exited`; `unknown`
 * where nothing tells, as with programs that report nothing of themselves.
 */
export const ActivityState = z.enum(['working', 'waiting', 'idle', 'exited', 'unknown']);
export type ActivityState = z.infer<typeof ActivityState>;

export const Activity = z.object({
  state: ActivityState,
  /** Since when it is in this state; RFC 3339. */
  since: z.string(),
  /** In a few words what it waits for or works on, as in "permission to use Bash"; empty where nothing is known. */
  detail: z.string(),
  /** When its terminal last showed something new; RFC 3339, to some seconds. Absent where that was not looked at. */
  last_output_at: z.optional(z.string()),
});
export type Activity = z.infer<typeof Activity>;

/** One thing that was looked at to tell the activity of a session, as `explain` gives it. */
export const Evidence = z.object({
  /** Docker's word on the container, the program's own hooks, its process and the status that notes, or the terminal. */
  source: z.enum(['container', 'hook', 'process', 'terminal']),
  /** What it says, in a sentence's worth of words. */
  says: z.string(),
  /** When it said so; RFC 3339. */
  at: z.optional(z.string()),
  /** It decided, or took part in deciding. */
  counts: z.boolean(),
});
export type Evidence = z.infer<typeof Evidence>;
