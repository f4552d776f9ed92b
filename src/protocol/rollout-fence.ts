import { HOLDS_LOCK, IS_OWN, TAKE_LOCK } from './rollout-lock.ts';

/**
 * The fence around rollouts (decision 8): each holder of a host's rollout lock
 * gets a number, the number only rises, and whatever changes the host runs only while its number is the newest. So an
 * operator who lost the lock, or a connection that comes back to life, can change nothing any more. Both sides need
 * it: the shell when it takes the lock, the host when it takes a rollout back by itself.
 */

/** Exit code of a command that came with an old number; nothing was run then. */
export const FENCED_OFF = 75;

/**
 * sh function `raise_fence <rollout dir> <work lock> <old work lock>`: raises the number, then ends whatever still works
 * under an older one, found by the lock that it holds open: as descriptor 7, or as 8 at the old place (see {@link
 * RUN_FENCED}). Leaves the number in `$fence_number`. The number is written in place, since that needs no free block on
 * a disk that is full.
 */
export const RAISE_FENCE = `${TAKE_LOCK}
raise_fence() {
  mkdir -p -m 700 "$1" || return 1
  fence_number=0
  if [ -e "$1/number" ]; then
    fence_number=$(cat "$1/number"); fence_number=\${fence_number%% *}
    case $fence_number in ''|*[!0-9]*) fence_number=$(date +%s) ;; esac
  fi
  fence_number=$((fence_number + 1))
  printf '%-15s\\n' "$fence_number" | dd of="$1/number" conv=notrunc,fsync status=none || return 1
  # Whoever else has the old one open may hold it: that is no reason to stop.
  own_old "$3" || ! is_own "$3" || { exec 8<"$3"; end_work 8 "$3"; exec 8>&-; }
  open_place "$2" || return 1
  exec 7>>"$2" || return 1
  end_work 7 "$2"
  flock -w 5 -x 7 || return 1
  exec 7>&-
}
end_work() {
  for signal in TERM KILL; do
    flock -n -x "$1" && break
    for held in /proc/[0-9]*/fd/"$1"; do
      pid=\${held#/proc/}; pid=\${pid%%/*}
      [ "$pid" != "$$" ] && [ "$held" -ef "$2" ] && kill -s "$signal" "$pid" 2>/dev/null
    done
    flock -w 2 -x "$1" && break
  done
}
`;

/**
 * Runs a command under the fence, as sh text: it shares the work lock for as long as it runs, and that at the old place
 * too, where a dead-man of a release from before looks for it. Arguments: rollout dir, work lock, old work lock, number,
 * then the command.
 */
export const RUN_FENCED = `${IS_OWN}
exec 7>>"$2" && flock -s -w 20 7 || { echo "error: the rollout lock's fence cannot be opened" >&2; exit 1; }
is_own "$3" && exec 8<"$3" && flock -n -s 8
newest=$(cat "$1/number" 2>/dev/null)
if [ "\${newest%% *}" != "$4" ]; then
  echo "fenced off: rollout $4 lost this host to rollout \${newest%% *}" >&2
  exit ${FENCED_OFF}
fi
shift 4
export ${HOLDS_LOCK.name}=${HOLDS_LOCK.value}
exec "$@"
`;
