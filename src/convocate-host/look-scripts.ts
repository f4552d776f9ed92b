import type { HostScript } from './host-scripts.ts';

/**
 * The scripts that read a host and change nothing on it; see host-scripts.ts for their kind. They print `key<TAB>value`
 * lines; values that may hold newlines are base64.
 */

const SAY = `
say() { printf '%s\\t%s\\n' "$1" "$2"; }
b64() { base64 -w0 2>/dev/null; }
`;

/**
 * Functions `ask`, a docker that does not hang, and `tell_containers`: every session container there is, or a failure.
 * Only one that is gone meanwhile may be left out: what cannot be told of for another reason may well be there.
 */
const ASK_DOCKER = `${SAY}
ask() { timeout 15 docker "$@" 2>/dev/null; }
tell_containers() {
  ids=$(ask ps -aq --no-trunc --filter label=convocate.session) || return
  [ -n "$ids" ] || return 0
  format='{{json .Id}} {{json .Name}} {{json .Config.Image}} {{json .Image}} {{json .State.StartedAt}} {{json .State.Running}}'
  told=$(timeout 15 docker container inspect --format "$format" $ids 2>&1) || only_gone || return
  printf '%s\\n' "$told" | grep '^"' | while read -r line; do say container "$line"; done
}
only_gone() {
  errors=$(printf '%s\\n' "$told" | grep -v '^"')
  [ -n "$errors" ] && ! printf '%s\\n' "$errors" | grep -iqv 'no such container'
}
`;

/**
 * Whether a rollout is open in "$state", or was taken back; the release that "$lib" names, and the one that "$unit" runs.
 * In the order in which the one becomes the other: whoever reads while a rollout ends sees one of them.
 */
const TELL_ROLLOUT = `
for open in armed returning; do
  record=$state/rollout/$open.json
  [ -e "$record" ] || continue
  text=$(b64 < "$record") || { [ $? -lt 126 ] || exit 1; [ -e "$record" ] || continue; } # it ended while it was read
  say rollout "$text"
done
say rolled_back "$(b64 < "$state/rollout/returned.json")"
say current "$(readlink "$lib/current" 2>/dev/null)"
say running "$(readlink "/proc/$(systemctl show "$unit" -p MainPID --value 2>/dev/null)/exe")"
`;

/**
 * Where a rollout stands, and nothing else: it is asked when time is short, and of a host that may have no Docker just
 * then. Arguments: libDir, stateDir, unit.
 */
export const READ_ROLLOUT: HostScript = {
  name: 'read-rollout',
  text: `${SAY}
lib=$1 state=$2 unit=$3
${TELL_ROLLOUT}
say told all
`,
};

/** The session containers. Exit 1 where Docker does not answer: that is not the same as a host without sessions. */
export const READ_SESSIONS: HostScript = {
  name: 'read-sessions',
  text: `${ASK_DOCKER}
tell_containers || exit 1
`,
};

/**
 * Everything `update` wants to know, in one round trip. Arguments: libDir, configDir, stateDir, unit, then the host files whose text is wanted.
 */
export const READ_FACTS: HostScript = {
  name: 'read-facts',
  text: `
${ASK_DOCKER}
# All of it or nothing: an engine that falls silent half-way must not look like one without images or containers.
docker_facts() {
  info=$(ask info --format '{{json .}}') || return
  case $info in *ServerVersion*) ;; *) return 1 ;; esac
  say docker_info "$(printf '%s' "$info" | b64)"
  root=$(ask info --format '{{.DockerRootDir}}') || return
  say disk "$(df -Pk "$root" | awk 'NR==2 {print $4}') docker"
  images=$(ask images -aq --no-trunc) || is_answer || return
  images=$(printf '%s' "$images" | sort -u)
  [ -z "$images" ] || tell_images $images || return
  tell_containers
}
tell_images() {
  told=$(ask image inspect --format '{{json .Id}} {{json .RepoTags}} {{json .RootFS.Layers}}' "$@") || is_answer || return
  [ -z "$told" ] || printf '%s\\n' "$told" | while read -r line; do say image "$line"; done
}
# What failed but was no silence: an image that is damaged, or went away meanwhile, is left out. Where Docker went away, the
# containers, which come last, cannot be told.
is_answer() { [ $? -lt 124 ]; }
lib=$1 config=$2 state=$3 unit=$4
shift 4
say machine "$(uname -m)"
say glibc "$(getconf GNU_LIBC_VERSION 2>/dev/null | cut -d' ' -f2)"
say cores "$(grep -c ^processor /proc/cpuinfo)"
say memory_kib "$(sed -n 's/^MemTotal: *\\([0-9]*\\).*/\\1/p' /proc/meminfo)"
say memory_available_kib "$(sed -n 's/^MemAvailable: *\\([0-9]*\\).*/\\1/p' /proc/meminfo)"
if [ -d /run/systemd/system ]; then say systemd yes; else say systemd no; fi
if ldconfig -p 2>/dev/null | grep -q 'libstdc++\\.so\\.6'; then say libstdcxx yes; else say libstdcxx no; fi
say agent_id "$(cat "$config/agent-id" 2>/dev/null)"
say stamp "$(cat "$config/current-image" 2>/dev/null)"
say previous "$(readlink "$lib/previous" 2>/dev/null)"
${TELL_ROLLOUT}
say signers "$(b64 < "$config/allowed_signers")"
for release in "$lib"/releases/*/manifest.json; do
  [ -e "$release" ] && say release "$(sha256sum "$release")"
done
for blob in "$lib"/blobs/* "$state"/staging/*.part; do
  [ -f "$blob" ] && say blob "$(stat -c '%s %n' "$blob")"
done
for session in "$state"/sessions/*.json; do
  [ -f "$session" ] && say session "$(basename "$session" .json) $(b64 < "$session")"
done
say unit "$(systemctl show "$unit" -p ActiveState,SubState,NRestarts,UnitFileState,NeedDaemonReload 2>/dev/null | b64)"
for file in "$@"; do
  [ -e "$file" ] && say file "$file $(stat -c '%a' "$file") $(b64 < "$file")"
done
for place in "$lib" "$state" /var/lib; do
  while [ ! -d "$place" ]; do place=$(dirname "$place"); done
  say disk "$(df -Pk "$place" | awk 'NR==2 {print $4}') $place"
done
docker=$(docker_facts) && printf '%s\\n' "$docker"
exit 0
`,
};
