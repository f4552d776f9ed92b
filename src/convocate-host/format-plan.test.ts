import { expect, test } from 'vitest';
import { formatPlan, planToJson } from './format-plan.ts';
import { BIG_PROGRAM, empty, healthy, healthyDocker, inputFor, manifest } from './plan-fixture.ts';
import type { Plan, PlanInput } from './plan-types.ts';
import { planUpdate } from './plan.ts';

/** As the step makes it: the archive's size is known once it is put together. */
function planOf(input: PlanInput, releaseBytes = 0): Plan {
  return { ...planUpdate(input), releaseBytes };
}

const UNIT = '/etc/systemd/system/convocate-agent.service';

test('a plan for first contact, word for word', () => {
  const parts = new Map([[BIG_PROGRAM, 1_000_000]]);
  const plan = planOf(inputFor({ ...empty, parts }, { missingLayers: manifest.image.layers }), 301_234);
  expect(formatPlan('agent-a', plan)).toBe(
    `agent-a: nothing -> v2
  would send 229993954 bytes (230 MB):
         301234  the signed manifest, lib/convocate-agent.mjs
       41943040  runtime/node  bbbbbbbbbbbb, of which 1000000 are there already
      188743680  image layer 1 of 2  111111111111, sent whole: no layer there to patch from
           6000  image layer 2 of 2  222222222222
  would load the image, leaving out 0 layers the host has
  would change:
    --- /dev/null
    +++ ${UNIT}
    @@ -0,0 +1,2 @@
    +[Unit]
    +A=1
    --- /dev/null
    +++ /etc/cron.daily/convocate-image-prune
    @@ -0,0 +1,1 @@
    +#!/bin/sh
    --- /dev/null
    +++ /usr/local/lib/convocate/current
    @@ -0,0 +1,1 @@
    +-> /usr/local/lib/convocate/releases/v2
    --- /dev/null
    +++ /etc/convocate-agent/current-image
    @@ -0,0 +1,1 @@
    +convocate:v2
  would run: systemctl daemon-reload
  would run: systemctl restart convocate-agent.service (sessions go on running)`,
  );
});

test('nothing to do, with its warnings', () => {
  const container = {
    id: 'x',
    name: 'convocate-session-u',
    image: 'convocate:v1',
    imageId: 'y',
    startedAt: 'z',
    running: true,
  };
  const plan = planOf(inputFor({ ...healthy, docker: { ...healthyDocker, containers: [container] } }));
  expect(formatPlan('agent-a', plan)).toBe(
    [
      'agent-a: v2 -> v2',
      '  warning: session u (u) runs on convocate:v1 and stays there until its (K)ill and (R)estart',
      '  nothing to do: it has this release, whole and running',
    ].join('\n'),
  );
});

test('drift is shown as a diff, and a refusal first', () => {
  const files = new Map(healthy.files).set(UNIT, { text: '[Unit]\nA=2\n', mode: 0o644 });
  const plan = planOf(inputFor({ ...healthy, files, systemd: false }));
  expect(formatPlan('agent-a', plan)).toBe(
    `agent-a: v2 -> v2
  refused: systemd does not run there
  would send 0 bytes (0 B):
  would change:
    --- ${UNIT}
    +++ ${UNIT}
    @@ -1,2 +1,2 @@
     [Unit]
    -A=2
    +A=1
  would run: systemctl daemon-reload
  would run: systemctl restart convocate-agent.service (sessions go on running)`,
  );
});

test('a change of mode alone is visible', () => {
  const files = new Map(healthy.files).set(UNIT, { text: '[Unit]\nA=1\n', mode: 0o666 });
  const text = formatPlan('agent-a', planOf(inputFor({ ...healthy, files })));
  expect(text).toContain(
    `  would change:\n    mode 0666 -> 0644  ${UNIT}\n  would run: systemctl daemon-reload\n`,
  );
});

test('as JSON: the plan, with what it comes to', () => {
  const plan = planOf(inputFor(healthy));
  expect(JSON.parse(JSON.stringify(planToJson('agent-a', plan)))).toEqual({
    event: 'plan',
    host: 'agent-a',
    ...plan,
    bytes_to_send: 0,
    nothing_to_do: true,
  });
});
