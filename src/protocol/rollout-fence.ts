/**
 * The fence around rollouts (decision D10, docs/decisions/0008-dead-man.md): each holder of a host's rollout lock
 * gets a number, the number only rises, and whatever changes the host runs only while its number is the newest. So an
 * operator who lost the lock, or a connection that comes back to life, can change nothing any more. Both sides need
 * it: the shell when it takes the lock, the host when it takes a rollout back by itself.
 */

/** Exit code of a command that came with an old number; nothing was run then. */
export const FENCED_OFF = 75;

/**
 * sh function `raise_fence <rollout dir> <work lock>`: raises the number, then ends whatever still works under an
 * older one, found by the lock that it holds open as descriptor 8. Leaves the number in `$fence_number`. The number
 * is written in place, since that needs no free block on a disk that is full.
 */
export const RAISE_FENCE = `
raise_fence() {
  mkdir -p -m 700 "$1" || return 1
  fence_number=0
  if [ -e "$1/number" ]; then
    fence_number=$(cat "$1/number"); fence_number=\${fence_number%% *}
    case $fence_number in ''|*[!0-9]*) fence_number=$(date +%s) ;; esac
  fi
  fence_number=$((fence_number + 1))
  printf '%-15s\\n' "$fence_number" | dd of="$1/number" conv=notrunc,fsync status=none || return 1
  exec 8>>"$2" || return 1
  for signal in TERM KILL; do
    flock -n -x 8 && break
    for held in /proc/[0-9]*/fd/8; do
      pid=\${held#/proc/}; pid=\${pid%%/*}
      [ "$pid" != "$$" ] && [ "$held" -ef "$2" ] && kill -s "$signal" "$pid" 2>/dev/null
    done
    flock -w 2 -x 8 && break
  done
  flock -w 5 -x 8 || return 1
  exec 8>&-
}
`;

/**
 * Runs a command under the fence, as sh text: it shares the work lock for as long as it runs. Arguments: rollout dir,
 * work lock, number, then the command.
 */
export const RUN_FENCED = `
exec 8>>"$2" && flock -s -w 20 8 || { echo "the rollout lock's fence cannot be opened" >&2; exit 1; }
newest=$(cat "$1/number" 2>/dev/null)
if [ "\${newest%% *}" != "$3" ]; then
  echo "fenced off: rollout $3 lost this host to rollout \${newest%% *}" >&2
  exit ${FENCED_OFF}
fi
shift 3
exec "$@"
`;
