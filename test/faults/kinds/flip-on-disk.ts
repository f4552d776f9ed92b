import type { Fault, Moment } from '../fault.ts';

/** At these steps nothing is on its way yet: a damaged piece lies there as if from an earlier try. */
const BEFORE = ['connect', 'lock', 'look'];

/** Slow enough that what is on its way can be met there. */
const RATE = '8mbit';

/** Arguments: library directory, staging directory. Waits for something to be on its way, and flips a byte of it. */
const FLIP_STAGED = `
for try in $(seq 200); do
  for file in "$1"/blobs/*.part "$1"/blobs/*.tmp "$2"/*; do
    size=$(stat -c %s "$file" 2>/dev/null) || continue
    [ "$size" -gt 65536 ] || continue
    at=$((size / 2))
    byte=$(od -An -tu1 -j "$at" -N1 "$file") || continue
    printf "$(printf '\\\\%03o' $((byte ^ 255)))" | dd of="$file" bs=1 seek="$at" conv=notrunc status=none
    echo "$file"
    exit 0
  done
  sleep 0.02
done
exit 1
`;

/** A byte of what was sent turns into another one on the host's disk, before it is proven. */
export const flipOnDisk: Fault = {
  name: 'flip-on-disk',
  choosesItsMoment: true,
  strikesAt: (verb, step) => verb === 'update' && [...BEFORE, 'stage-files', 'stage-image'].includes(step),
  prepare: ({ agent }) => agent.limitBandwidth(RATE),
  strike: async (moment) => {
    if (moment.run.events.every(({ title }) => title !== 'staging the program')) await leavePart(moment);
    const { agent } = moment.site;
    const dirs = ['/usr/local/lib/convocate', '/var/lib/convocate-agent/staging'];
    await agent.run(['sh', '-c', FLIP_STAGED, 'sh', ...dirs]);
    await agent.unlimit();
    return {};
  },
  tidy: ({ agent }) => agent.unlimit(),
};

/** The first half of the release's own layer, as a transfer that was cut off leaves it. */
async function leavePart({ site: { agent, shell }, target }: Moment): Promise<void> {
  const manifest = await shell.readFile(`/var/lib/convocate/releases/${target}/manifest.json`);
  const { image } = JSON.parse(manifest) as { image: { layers: { diff_id: string }[] } };
  const digest = image.layers.at(-1)?.diff_id ?? '';
  const packed = await shell.readBytes(`/var/lib/convocate/blobs/${digest}.zst`);
  const half = packed.subarray(0, Math.floor(packed.length / 2));
  await agent.writeFile(`/var/lib/convocate-agent/staging/${digest}.zst.part`, half, { mode: '0600' });
}
