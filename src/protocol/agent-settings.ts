import { normalize } from 'node:path';
import * as z from 'zod/mini';

/** The agent's unit has its own of these (`ProtectHome`, `TemporaryFileSystem`): what the host has there, it does not see. */
const UNSEEN = ['/home', '/root', '/run/user', '/tmp', '/var/tmp'] as const;
/** For an operator whose session program lies in the wrong place. */
export const WHERE_PROGRAMS_GO = `install the program itself, not a link to it, at /usr/local/bin/claude or below /opt; what lies below ${UNSEEN.join(', ')} cannot be shown to sessions`;

/** Which of the places that a session program must not lie in `path` is, or is below. */
export function unseenPlaceOf(path: string): string | undefined {
  const plain = normalize(path);
  return UNSEEN.find((place) => plain === place || plain.startsWith(`${place}/`));
}

/** What each setting may be. */
const FIELDS = {
  /** One command line, run by `bash -lc` inside the session's tmux. */
  session_command: z.string().check(z.minLength(1), z.maxLength(4096)),
  /** The same, for a session whose home holds a conversation to go on with; empty: see {@link resumeCommandOf}. */
  resume_command: z.string().check(z.maxLength(4096)),
  /** A program of the agent host, shown read-only at the same path inside; empty for none. */
  session_program: z.string().check(z.regex(/^$|^\/[A-Za-z0-9_./-]+$/, 'must be an absolute path')),
  /** Most processes and threads in one session. */
  pids_limit: z.int().check(z.gte(64), z.lte(1_000_000)),
  /** Show `/home/claude/.ssh` of the agent host, read-only, in every session. */
  share_ssh: z.boolean(),
  /** `boxed`; `docker` also mounts the Docker socket, which is root on the host. */
  profile: z.enum(['boxed', 'docker']),
};

/** Settings of one agent, `/etc/convocate-agent/settings.json`; read and changed by `settings-get` and `settings-set`. */
export const AgentSettings = z.object({
  session_command: z._default(FIELDS.session_command, '/usr/local/bin/claude'),
  resume_command: z._default(FIELDS.resume_command, ''),
  session_program: z._default(FIELDS.session_program, '/usr/local/bin/claude'),
  pids_limit: z._default(FIELDS.pids_limit, 4096),
  share_ssh: z._default(FIELDS.share_ssh, false),
  profile: z._default(FIELDS.profile, 'boxed'),
});
export type AgentSettings = z.infer<typeof AgentSettings>;

/**
 * Any part of the settings; what is left out stays. Unknown names are refused, so that a typing error is not lost. Where a
 * program may lie is a rule for what is set anew: settings that were made before it can still be read, shown and mended.
 */
export const AgentSettingsChange = z.partial(
  z.strictObject({
    ...FIELDS,
    session_program: FIELDS.session_program.check(
      z.refine((path) => unseenPlaceOf(path) === undefined, WHERE_PROGRAMS_GO),
    ),
  }),
);
export type AgentSettingsChange = z.infer<typeof AgentSettingsChange>;

export const DEFAULT_SETTINGS: AgentSettings = AgentSettings.parse({});

/** Where no other is set: Claude Code goes on with its conversation; any other command is simply run again. */
export function resumeCommandOf({ session_command, resume_command }: AgentSettings): string {
  if (resume_command !== '') return resume_command;
  return session_command === DEFAULT_SETTINGS.session_command
    ? `${session_command} --continue`
    : session_command;
}
