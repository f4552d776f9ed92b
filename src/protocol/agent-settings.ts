import * as z from 'zod/mini';

/** Settings of one agent, `/etc/convocate-agent/settings.json`; read and changed by `settings-get` and `settings-set`. */
export const AgentSettings = z.object({
  /** One command line, run by `bash -lc` inside the session's tmux. */
  session_command: z._default(z.string().check(z.minLength(1), z.maxLength(4096)), '/usr/local/bin/claude'),
  /** The same, for a session whose home holds a conversation to go on with; empty: see {@link resumeCommandOf}. */
  resume_command: z._default(z.string().check(z.maxLength(4096)), ''),
  /** A program of the agent host, shown read-only at the same path inside; empty for none. */
  session_program: z._default(
    z.string().check(z.regex(/^$|^\/[A-Za-z0-9_./-]+$/, 'must be an absolute path')),
    '/usr/local/bin/claude',
  ),
  /** Most processes and threads in one session. */
  pids_limit: z._default(z.int().check(z.gte(64), z.lte(1_000_000)), 4096),
  /** Show `/home/claude/.ssh` of the agent host, read-only, in every session. */
  share_ssh: z._default(z.boolean(), false),
  /** `boxed`; `docker` also mounts the Docker socket, which is root on the host. */
  profile: z._default(z.enum(['boxed', 'docker']), 'boxed'),
});
export type AgentSettings = z.infer<typeof AgentSettings>;

/** Any part of the settings; what is left out stays. Unknown names are refused, so that a typing error is not lost. */
export const AgentSettingsChange = z.partial(
  z.strictObject({
    session_command: z.string().check(z.minLength(1), z.maxLength(4096)),
    resume_command: z.string().check(z.maxLength(4096)),
    session_program: z.string().check(z.regex(/^$|^\/[A-Za-z0-9_./-]+$/, 'must be an absolute path')),
    pids_limit: z.int().check(z.gte(64), z.lte(1_000_000)),
    share_ssh: z.boolean(),
    profile: z.enum(['boxed', 'docker']),
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
