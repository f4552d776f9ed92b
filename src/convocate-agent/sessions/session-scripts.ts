/** The scripts of the session image that the agent calls (image/rootfs); their arguments are a contract. */
const DIRECTORY = '/usr/local/lib/convocate-session';

export const SESSION_SCRIPT = {
  attach: `${DIRECTORY}/attach`,
  detachClient: `${DIRECTORY}/detach-client`,
  detachAll: `${DIRECTORY}/detach-all`,
} as const;

/**
 * Ends the attaches that an earlier run of this agent left in a container; none of them can have an operator any more.
 * Terminals opened by hand on the agent host carry no client id and stay.
 */
export const DETACH_LOST_ARGV = [
  'pkill',
  '-HUP',
  '-f',
  '--',
  '(/attach .*--client-id |^tmux-client-)',
] as const;

/** tmux draws everything anew when it is told that its terminal's size may have changed, also where it has not. */
export function redrawArgv(clientId: string): readonly string[] {
  return ['pkill', '-WINCH', '-f', '--', `^tmux-client-${clientId}( |$)`];
}
