import { SIGNATURE } from '../protocol/host-layout.ts';
import type { HostScript } from './host-scripts.ts';

/**
 * The scripts that decide whether a release is the cluster's own and whole, before any program of it runs there: a
 * program that proves itself proves nothing. They are constants, as those of host-scripts.ts.
 */

/** What both need. Arguments: libDir, version, the file of allowed signers. */
const RELEASE = `
lib=$1 version=$2 signers=$3 release=$1/releases/$2
# The manifest in this folder is signed by the cluster, and for this version; says what is wrong with it.
expect_signed() {
  [ -s "$signers" ] || { echo "this host knows no cluster whose releases it takes: there is no $signers"; return 1; }
  ssh-keygen -Y verify -f "$signers" -I ${SIGNATURE.identity} -n ${SIGNATURE.namespace} -s "$1/manifest.json.sig" < "$1/manifest.json" 2>&1 ||
    { echo "the release manifest's signature is not that of this cluster"; return 1; }
  grep -qxF "  \\"version\\": \\"$version\\"," "$1/manifest.json" || { echo "the manifest is that of another version"; return 1; }
  [ "$(files_of "$1/manifest.json" | wc -l)" -eq "$(grep -c '"sha256": ' "$1/manifest.json")" ] ||
    { echo "the manifest is not written as this script can read it"; return 1; }
}
# Lines of "<sha256> <executable> <path>": the files that a manifest names, in the one form in which we write them.
files_of() {
  sed -n '/^      "path": "/{N;N;N;/\\.\\./!s/^      "path": "\\([A-Za-z0-9_][A-Za-z0-9._\\/-]*\\)",\\n      "sha256": "\\([0-9a-f]\\{64\\}\\)",\\n      "size": [0-9]*,\\n      "executable": \\([a-z]*\\)$/\\2 \\3 \\1/p}' "$1"
}
is_whole() { printf '%s  %s\\n' "$1" "$2" | sha256sum -c --status - 2>/dev/null; }
# The blobs of all files on stdin, in one process. openssl is on most hosts, and takes 0.1 s where coreutils take 0.7.
all_whole() (
  cd "$lib/blobs" || return
  wanted=$(sed 's/^\\([0-9a-f]*\\) .*/\\1 *\\1/')
  found=$(printf '%s\\n' "$wanted" | cut -d'*' -f2 | xargs openssl dgst -sha256 -r 2>/dev/null) || :
  [ "$found" = "$wanted" ] || printf '%s\\n' "$wanted" | sha256sum -c --status - 2>/dev/null
)
`;

/**
 * Whether a release that lies on the host is whole, by its signed manifest. Changes nothing. Exit 9: it is not, and
 * stdout names what is damaged or gone, one path a line. Arguments: libDir, version, allowed signers.
 */
export const CHECK_RELEASE: HostScript = {
  name: 'check-release',
  text: `
set -u
${RELEASE}
damaged() {
  expect_signed "$release" >/dev/null 2>&1 || { echo manifest.json; return; }
  files=$(files_of "$release/manifest.json")
  printf '%s\\n' "$files" | all_whole && are_whole=yes || are_whole=no
  printf '%s\\n' "$files" | while read -r digest _ path; do
    [ "$are_whole" = yes ] || is_whole "$digest" "$lib/blobs/$digest" || { echo "$path"; continue; }
    [ "$lib/blobs/$digest" -ef "$release/$path" ] || is_whole "$digest" "$release/$path" || echo "$path"
  done
}
found=$(damaged)
[ -z "$found" ] || { printf '%s\\n' "$found"; exit 9; }
`,
};

/**
 * Puts a release together beside the others, without effect. On stdin a gzipped tar with manifest.json,
 * manifest.json.sig and, below blobs/, the small blobs that were missing. The manifest must be signed by the cluster,
 * and which files there are is read from it alone; each is proven by its SHA-256 before it is used. A release that is
 * there already is mended file by file: one that is live, or a way back, is never taken away, whatever is left of it.
 * What other releases share with this one is mended there as well. Arguments: libDir, version, allowed signers.
 * Exit 3: refused. Exit 9: the parcel arrived damaged, or stdout names the files whose blobs are damaged on this host or
 * gone, one path a line; those stay until others take their place.
 */
export const UNPACK_RELEASE: HostScript = {
  name: 'unpack-release',
  text: `
set -eu
umask 022
${RELEASE}
new=$lib/releases/.$version.new
list=$new.files
give_up() { rm -rf "$new" "$list"; exit "$1"; }
rm -rf "$new"
mkdir -p "$lib/blobs" "$new"
gzip -dc | tar -xf - -C "$new" || give_up 9
why=$(expect_signed "$new") || { printf '%s\\n' "$why" >&2; give_up 3; }
files_of "$new/manifest.json" > "$list"
if [ -d "$new/blobs" ]; then
  (cd "$new/blobs" && for blob in *; do printf '%s  %s\\n' "$blob" "$blob"; done | sha256sum -c --status -) || give_up 9
  mv "$new"/blobs/* "$lib/blobs/"
  rmdir "$new/blobs"
fi
if ! all_whole < "$list"; then
  while read -r digest _ path; do is_whole "$digest" "$lib/blobs/$digest" || echo "$path"; done < "$list"
  give_up 9
fi
while read -r digest executable path; do
  mkdir -p "$new/$(dirname "$path")"
  ln "$lib/blobs/$digest" "$new/$path"
  if [ "$executable" = true ]; then chmod 755 "$new/$path"; else chmod 644 "$new/$path"; fi
done < "$list"
sync -f "$new"
# What is another file than its blob, of the files on stdin in this folder, becomes that blob; only blobs proven above.
mend() {
  while read -r digest _ path; do
    if [ "$lib/blobs/$digest" -ef "$1/$path" ] || ! grep -q "^$digest " "$list"; then continue; fi
    mkdir -p "$1/$(dirname "$path")"
    ln -f "$lib/blobs/$digest" "$1/$path.new"
    mv -T "$1/$path.new" "$1/$path"
  done
}
is_in_use() {
  for link in current previous way-back; do
    [ "$lib/$link" -ef "$release" ] && return
  done
  return 1
}
if is_in_use || cmp -s "$new/manifest.json" "$release/manifest.json"; then
  mend "$release" < "$list"
  mv -T "$new/manifest.json.sig" "$release/manifest.json.sig"
  mv -T "$new/manifest.json" "$release/manifest.json"
  rm -rf "$new"
else
  rm -rf "$release"
  mv -T "$new" "$release"
fi
# Another release that cannot be mended is no reason to refuse this one.
for other in "$lib"/releases/*/manifest.json; do
  files_of "$other" | mend "$(dirname "$other")" || :
done
rm -f "$list"
# A release that is told to be there is there after a power cut too: what comes next may name it.
sync -f "$lib/releases"
`,
};
