import * as z from 'zod/mini';
import { Protocol, SessionId } from '../../protocol/session.ts';

/** What is remembered of a session's last container, for when Docker cannot be asked. */
export const ContainerRecord = z.object({
  id: z.string(),
  image: z.string(),
  running: z.boolean(),
  started_at: z.string(),
  exit_code: z.optional(z.int()),
  oom_killed: z.boolean(),
  /** It was ended by a kill. */
  asked_to_stop: z.optional(z.boolean()),
  profile: z.optional(z.string()),
});
export type ContainerRecord = z.infer<typeof ContainerRecord>;

/** One file `/var/lib/convocate-agent/sessions/<uuid>.json`: outside of what a container can write (decision 15). */
export const StoredSession = z.object({
  format: z.literal(1),
  uuid: SessionId,
  name: z.string(),
  port: z.int().check(z.gte(0), z.lte(65_535)),
  protocol: Protocol,
  dns_name: z.string(),
  created_at: z.string(),
  last_accessed: z.string(),
  /** Absent before the first start. */
  container: z.optional(ContainerRecord),
});
export type StoredSession = z.infer<typeof StoredSession>;

/** A session as the directories show it: whole, or damaged, or a home without metadata. */
export type SessionEntry = StoredEntry | OrphanEntry;
export type StoredEntry = { readonly uuid: string; readonly orphan?: undefined } & (
  | { readonly stored: StoredSession; readonly damaged?: undefined }
  | { readonly stored?: undefined; readonly damaged: string }
);
export interface OrphanEntry {
  readonly uuid: string;
  readonly orphan: true;
  readonly stored?: undefined;
  readonly damaged?: undefined;
}

/** Never throws: a file that cannot be understood is a damaged session, not a missing one. */
export function parseStoredSession(uuid: string, text: string): StoredEntry {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { uuid, damaged: 'its metadata file is not JSON' };
  }
  const parsed = StoredSession.safeParse(value);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    return { uuid, damaged: `its metadata file is wrong at "${issue?.path.join('.')}": ${issue?.message}` };
  }
  if (parsed.data.uuid !== uuid) return { uuid, damaged: `its metadata file is that of ${parsed.data.uuid}` };
  return { uuid, stored: parsed.data };
}
