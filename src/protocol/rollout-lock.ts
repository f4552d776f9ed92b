/**
 * A host's one rollout lock, as sh text: the shell takes it for a rollout, the host for a prune of its own. It lies in
 * a directory that only root can enter, since flock asks for no more than to open a file: whoever may open it can hold
 * it (docs/decisions/0008-dead-man.md).
 */

/** Exit code of {@link RUN_LOCKED} where somebody else holds the lock; nothing was run then. */
export const LOCK_HELD = 76;
/** Set to {@link HOLDS_LOCK.value} for whatever is run by the holder of the lock. */
export const HOLDS_LOCK = { name: 'CONVOCATE_ROLLOUT_LOCK', value: 'held' } as const;

/**
 * sh functions `is_plain <file>` and `is_own <file>`: a file with this one name, and one that is root's besides. Each looks
 * once, since what is not root's may be another thing at the next look. What is root's stays where it is: /run/lock has
 * the sticky bit. So it may be opened; a pipe that somebody else put there would hold up whoever opens it for ever.
 */
export const IS_OWN = `
is_plain() { case $(stat -c '%f %h' "$1" 2>/dev/null) in 8???' 1') ;; *) return 1 ;; esac; }
is_own() { case $(stat -c '%f %h %u' "$1" 2>/dev/null) in 8???" 1 $(id -u)") ;; *) return 1 ;; esac; }
`;

/**
 * sh functions. `open_place <file>` sees to it that the directory of a lock is there and root's alone. `take_lock
 * <lock> <old lock>` holds both as descriptors 9 and 6, or answers 1 where another holds it, 2 where one of an earlier
 * release holds the old one, and 3 for trouble.
 *
 * `own_old <file>` does the same for a lock at its old place, where everybody could make it, hold it or put something
 * else there: what is there is made root's alone, or put away. It fails only where root itself is at work with it.
 */
export const TAKE_LOCK = `${IS_OWN}
open_place() {
  lock_place=\${1%/*}
  mkdir -m 700 "$lock_place" 2>/dev/null
  [ -d "$lock_place" ] && [ ! -L "$lock_place" ] && [ -O "$lock_place" ] && chmod 700 "$lock_place" && return
  echo "$lock_place is not a directory of root's alone" >&2
  return 1
}
own_old() {
  is_own "$1" && chmod 600 "$1" && flock -n "$1" true && return
  if is_plain "$1" && is_roots_work "$1"; then chown -h "$(id -u)" "$1"; return 1; fi
  fresh=$(mktemp "$1.XXXXXX" 2>/dev/null) || fresh=
  for again in 1 2 3; do
    # A rename takes the place of all but a folder, and opens nothing.
    [ -n "$fresh" ] && mv -fT "$fresh" "$1" 2>/dev/null && return
    timeout 5 rm -rf "$1" 2>/dev/null
  done
  [ -z "$fresh" ] || rm -f "$fresh"
  return 0
}
is_roots_work() {
  for held in /proc/[0-9]*/fd/*; do
    [ "$held" -ef "$1" ] || continue
    pid=\${held#/proc/}; pid=\${pid%%/*}
    # By the real user, which a program with the setuid bit leaves as it is.
    user=$(sed -n 's/^Uid:[^0-9]*\\([0-9]*\\).*/\\1/p' "/proc/$pid/status" 2>/dev/null)
    [ "$pid" != "$$" ] && [ "$user" = "$(id -u)" ] && return
  done
  return 1
}
take_lock() {
  open_place "$1" || return 3
  exec 9>>"$1" || return 3
  flock -n 9 || return 1
  own_old "$2" || return 2
  is_own "$2" || return 0
  exec 6<"$2"
  flock -n 6 || return 2
}
`;

/** Runs a command as the holder of the lock, as sh text. Arguments: lock, old lock, who holds it, then the command. */
export const RUN_LOCKED = `${TAKE_LOCK}
take_lock "$1" "$2"
case $? in 0) ;; 1|2) exit ${LOCK_HELD} ;; *) exit 1 ;; esac
printf '%s\\n' "$3" > "$1.holder"
shift 3
export ${HOLDS_LOCK.name}=${HOLDS_LOCK.value}
exec "$@"
`;
