import * as z from 'zod/mini';
import { SessionId } from './session.ts';

const Size = z.int().check(z.gte(1), z.lte(1000));

/** The one JSON line that opens `convocate-agent-attach`; raw terminal bytes follow it both ways. */
export const AttachHeader = z.object({
  id: SessionId,
  cols: z._default(Size, 80),
  rows: z._default(Size, 24),
  term: z._default(z.string().check(z.regex(/^[A-Za-z0-9._+-]{1,64}$/)), 'xterm-256color'),
  /** Watch without typing. */
  read_only: z._default(z.boolean(), false),
});
export type AttachHeader = z.infer<typeof AttachHeader>;
