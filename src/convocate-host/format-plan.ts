import { createTwoFilesPatch } from 'diff';
import prettyBytes from 'pretty-bytes';
import type { Plan, PlannedLayer } from './plan-types.ts';
import { bytesToSend, isNothingToDo } from './plan.ts';

/** The plan as `--dry-run` prints it: what would be sent, to the byte, and what would change, as diffs. */
export function formatPlan(host: string, plan: Plan): string {
  const lines = [`${host}: ${plan.fromVersion ?? 'nothing'} -> ${plan.version}`];
  for (const refusal of plan.refusals) lines.push(`  refused: ${refusal}`);
  for (const warning of plan.warnings) lines.push(`  warning: ${warning}`);
  if (isNothingToDo(plan))
    return [...lines, '  nothing to do: it has this release, whole and running'].join('\n');

  lines.push(`  would send ${bytesToSend(plan)} bytes (${prettyBytes(bytesToSend(plan))}):`);
  if (plan.stageRelease) {
    const names = ['the signed manifest', ...plan.smallFiles.map((file) => file.what)].join(', ');
    lines.push(`    ${String(plan.releaseBytes).padStart(11)}  ${names}`);
  }
  const large: readonly PlannedLayer[] = [...plan.largeFiles, ...plan.layers];
  for (const blob of large) {
    const resumed = blob.offset > 0 ? `, of which ${blob.offset} are there already` : '';
    const why = blob.why === undefined ? '' : `, ${blob.why}`;
    lines.push(
      `    ${String(blob.packedBytes).padStart(11)}  ${blob.what}  ${blob.sha256.slice(0, 12)}${resumed}${why}`,
    );
  }
  if (plan.loadImage)
    lines.push(`  would load the image, leaving out ${plan.sharedLayers} layers the host has`);
  if (plan.changes.length > 0) lines.push('  would change:');
  for (const { path, before, after, modes } of plan.changes) {
    if (modes) lines.push(`    mode ${modes.map((mode) => `0${mode.toString(8)}`).join(' -> ')}  ${path}`);
    if (before !== after) lines.push(indent(unifiedDiff(path, before, after)));
  }
  if (plan.daemonReload) lines.push('  would run: systemctl daemon-reload');
  if (plan.restart)
    lines.push('  would run: systemctl restart convocate-agent.service (sessions go on running)');
  return lines.join('\n');
}

function unifiedDiff(path: string, before: string | undefined, after: string): string {
  const from = before === undefined ? '/dev/null' : path;
  return createTwoFilesPatch(from, path, before ?? '', after, undefined, undefined, { context: 2 })
    .split('\n')
    .filter((line) => !/^(====|Index: |$)/.test(line))
    .map((line) => line.trimEnd())
    .join('\n');
}

function indent(text: string): string {
  return text
    .split('\n')
    .map((line) => `    ${line}`)
    .join('\n');
}

/** The same for a machine. */
export function planToJson(host: string, plan: Plan): Record<string, unknown> {
  return {
    event: 'plan',
    host,
    ...plan,
    bytes_to_send: bytesToSend(plan),
    nothing_to_do: isNothingToDo(plan),
  };
}
