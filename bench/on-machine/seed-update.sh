#!/bin/bash
# The flow of the seed's document by hand, as an operator of that system ran it on the shell host for one agent:
# docker save | gzip, checksum, scp, checksum, docker load, program, stamp, restart, and wait until 222 answers.
# Prints "STEP" when a step begins, and "image-bytes N".
#
# In favour of this flow: of the program, only what differs from one release to the next is copied, never its runtime;
# and nothing is proven beyond the checksum.
set -euo pipefail
version=$1 agent=$2 tree=$3
login=ops@$agent
lib=/usr/local/lib/convocate

echo 'STEP docker save | gzip'
docker save "convocate:$version" | gzip >/tmp/seed-image.tar.gz
echo "image-bytes $(stat -c %s /tmp/seed-image.tar.gz)"

echo 'STEP sha256sum here'
here=$(sha256sum </tmp/seed-image.tar.gz)

echo 'STEP scp of the image'
scp -q /tmp/seed-image.tar.gz "$login:/tmp/seed-image.tar.gz"

echo 'STEP sha256sum there'
there=$(ssh "$login" 'sha256sum </tmp/seed-image.tar.gz')
[[ $here == "$there" ]]

echo 'STEP docker load'
ssh "$login" sudo docker load --quiet --input /tmp/seed-image.tar.gz

echo 'STEP program'
tar -cf /tmp/seed-program.tar -C "$tree" VERSION convocate-agent lib/convocate-agent.mjs lib/dockerode.cjs lib/ssh2.cjs \
  -C "/var/lib/convocate/releases/$version" manifest.json manifest.json.sig
scp -q /tmp/seed-program.tar "$login:/tmp/seed-program.tar"
ssh "$login" "sudo cp -al \$(readlink -f $lib/current) $lib/releases/$version &&
  sudo tar -xf /tmp/seed-program.tar --no-same-owner -C $lib/releases/$version &&
  sudo ln -sfn $lib/releases/$version $lib/current"

echo 'STEP stamp'
echo "convocate:$version" | ssh "$login" sudo tee /etc/convocate-agent/current-image >/dev/null

echo 'STEP restart'
ssh "$login" sudo systemctl restart convocate-agent.service

echo 'STEP answer on 222'
until convocate-host status --json | grep -qF "\"version\":\"$version\""; do sleep 0.1; done
