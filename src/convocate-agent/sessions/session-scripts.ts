/** The scripts of the session image that the agent calls (image/rootfs); their arguments are a contract. */
const DIRECTORY = '/usr/local/lib/convocate-session';

export const SESSION_SCRIPT = {
  attach: `${DIRECTORY}/attach`,
  detachClient: `${DIRECTORY}/detach-client`,
  detachAll: `${DIRECTORY}/detach-all`,
} as const;

/**
 * Ends the attaches whose client ids do not begin with that of this `run` of the agent. Terminals opened by hand on the
 * agent host carry no client id and stay. The brackets keep the pattern from finding the shell that bears it.
 */
export function detachEarlierArgv(run: string): readonly string[] {
  const script = `pgrep -af -- '(/attac[h] .*--client-id |^tmux-client-)' | grep -ve "[- ]$1-" |
    while read -r pid _; do kill -HUP "$pid"; done`;
  return ['sh', '-c', script, 'sh', run];
}

/** tmux draws everything anew when it is told that its terminal's size may have changed, also where it has not. */
export function redrawArgv(clientId: string): readonly string[] {
  return ['pkill', '-WINCH', '-f', '--', `^tmux-client-${clientId}( |$)`];
}
