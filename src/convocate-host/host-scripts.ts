import { RAISE_FENCE, RUN_FENCED } from '../protocol/rollout-fence.ts';

/**
 * The few fixed scripts that run on a host before anything of ours is there to run. They are constants: what varies goes in
 * as "$1", "$2" … or on stdin, never into the text. They rest on sh and the tools that every Debian has.
 */

export interface HostScript {
  readonly name: string;
  readonly text: string;
}

/** The argv that runs a script with these arguments. */
export function scriptArgv(script: HostScript, ...args: string[]): string[] {
  return ['sh', '-c', script.text, script.name, ...args];
}

/** Prints the manifest, the signature and the installed texts of a release, one `path base64` a line. Argument: its directory. */
export const READ_RELEASE: HostScript = {
  name: 'read-release',
  text: `
cd "$1" || exit 1
for file in manifest.json manifest.json.sig install/*; do
  [ -f "$file" ] && printf '%s %s\\n' "$file" "$(base64 -w0 "$file")"
done
exit 0
`,
};

/**
 * Holds the host's one rollout lock for as long as its stdin stays open and speaks: it must hear something every few
 * seconds, so a lock whose holder lost power or network ends by itself. Prints "locked" and the fence's new number, or
 * "held" and by whom. Arguments: lock file, who holds it (for the next one to read), rollout directory, work lock, and
 * the lock and the work lock at their old place.
 */
export const HOLD_LOCK: HostScript = {
  name: 'hold-lock',
  // Each wait is a process of its own, with a timer of the kernel's: "read -t" of a shell goes by the clock on the wall,
  // and one that is set right by an hour, as by NTP, would end the lock in the middle of a rollout.
  text: `${RAISE_FENCE}
take_lock "$1" "$5"
case $? in
0) ;;
1) echo "held $(cat "$1.holder" 2>/dev/null)"; exit 3 ;;
2) echo 'held by a rollout or a prune of an earlier release'; exit 3 ;;
*) exit 1 ;;
esac
printf '%s\\n' "$2" > "$1.holder"
raise_fence "$3" "$4" "$6" || { echo "the number of the rollout could not be raised" >&2; exit 1; }
echo "locked $fence_number"
heard=0
while [ "$heard" = 0 ]; do
  timeout 20 sh -c 'read -r _' >/dev/null 2>&1 6<&- 9<&-
  heard=$?
done
rm -f "$1.holder"
[ "$heard" != 124 ] || { echo 'nothing was heard of its holder for 20 s' >&2; exit 1; }
`,
};

/** Runs a command only while this rollout holds the lock. Arguments: see {@link RUN_FENCED}. */
export const FENCE: HostScript = { name: 'fence', text: RUN_FENCED };

/** Whether somebody holds the lock, without taking it or leaving a trace. Argument: lock file. */
export const LOOK_AT_LOCK: HostScript = {
  name: 'look-at-lock',
  text: `[ -e "$1" ] && ! flock -n -s "$1" true && cat "$1.holder" 2>/dev/null; exit 0`,
};

/**
 * Takes in one large program blob, gzip-packed, from an offset on: what came before a cut is kept in ".part". Prints
 * "ack <bytes>" for what has landed of its stdin. It gets its name only when its SHA-256 is right. Arguments: blobs
 * directory, digest, offset, packed size. Exit 9: arrived damaged, and thrown away; exit 8: cut off, and kept; else, as on a full
 * disk: kept as well.
 */
export const RECEIVE_BLOB: HostScript = {
  name: 'receive-blob',
  // Each piece goes to its place rather than to the end: a receiver that outlived its connection can then only write
  // the same bytes.
  text: `
set -eu
mkdir -p "$1"
part=$1/$2.gz.part
truncate -s "$3" "$part"
at=$3
while [ "$at" -lt "$4" ]; do
  dd of="$part" bs=256k count=1 iflag=fullblock oflag=seek_bytes seek="$at" conv=notrunc status=none
  size=$(stat -c %s "$part")
  [ "$size" -gt "$at" ] || exit 8
  at=$size
  echo "ack $((at - $3))"
done
if gzip -dc "$part" > "$1/$2.tmp" && printf '%s  %s\\n' "$2" "$1/$2.tmp" | sha256sum -c --status -; then
  sync "$1/$2.tmp"
  mv -T "$1/$2.tmp" "$1/$2"
  rm -f "$part"
  exit
fi
rm -f "$1/$2.tmp"
# A disk without room for what was unpacked is no damage: what came is kept.
if gzip -t "$part" 2>/dev/null && [ "$(gzip -dc "$part" | sha256sum | cut -c1-64)" = "$2" ]; then
  echo "it arrived whole, and could not be written below $1" >&2
  exit 1
fi
rm -f "$part"
exit 9
`,
};

/**
 * Removes the notice of a rollout that was taken back, where it is still the one that was shown: another may have come
 * since, which nobody has seen. Arguments: its file, when that rollout was taken back.
 */
export const FORGET_RETURN: HostScript = {
  name: 'forget-return',
  text: `
[ -e "$1" ] || exit 0
grep -qF -- "\\"$2\\"" "$1" || exit 0
rm -f "$1"
`,
};

/**
 * Closes a rollout that can neither be confirmed nor taken back: its dead-man is ended first, so that it does nothing
 * any more. Its record is kept beside, as "….closed", to be looked at. Arguments: rollout directory, unit of the dead-man.
 */
export const CLOSE_ROLLOUT: HostScript = {
  name: 'close-rollout',
  text: `
set -eu
systemctl stop "$2" || :
state=$(systemctl show "$2" -p ActiveState --value)
case $state in inactive|failed) ;; *) echo "$2 could not be stopped: it is $state" >&2; exit 1 ;; esac
for record in armed.json returning.json; do
  [ ! -e "$1/$record" ] || mv -fT "$1/$record" "$1/$record.closed"
done
sync -f "$1"
`,
};

/**
 * Writes one small text file as one step, where its text or mode is another than it was; prints "same" or "changed".
 * What is right is not touched, nor is its directory. The text comes on stdin, so a secret is never in an argv.
 * Arguments: path, mode.
 */
export const WRITE_FILE: HostScript = {
  name: 'write-file',
  text: `
set -eu
umask 077
text=$(cat; echo .)
if [ -f "$1" ] && [ "$(cat "$1"; echo .)" = "$text" ] && [ "$(stat -c %a "$1")" = "$2" ]; then echo same; exit; fi
mkdir -p "$(dirname "$1")"
printf %s "\${text%.}" > "$1.new"
chmod "$2" "$1.new"
sync "$1.new"
mv -T "$1.new" "$1"
echo changed
`,
};
