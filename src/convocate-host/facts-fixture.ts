/** What the script that reads a host prints, line by line. */
export type Line = readonly [key: string, value: string];

/** A host that convocate never touched. */
export const BARE: readonly Line[] = [
  ['machine', 'x86_64'],
  ['glibc', '2.36'],
  ['cores', '2'],
  ['memory_kib', '8000000'],
  ['memory_available_kib', '3000000'],
  ['systemd', 'yes'],
  ['libstdcxx', 'yes'],
  ['agent_id', ''],
  ['stamp', ''],
  ['current', ''],
  ['previous', ''],
  ['signers', ''],
  ['unit', ''],
  ['disk', '1000 /usr/local/lib'],
  ['disk', '2000 /var/lib'],
  ['docker_info', ''],
];
export const factsLines = (lines: readonly Line[]): string =>
  lines.map(([key, value]) => `${key}\t${value}\n`).join('');
/** The same with these lines, each in the place of its like. */
export const withLines = (...more: Line[]): string =>
  factsLines([...BARE.filter(([key]) => !more.some(([other]) => other === key)), ...more]);
