import { runChecked, runCommand } from './run-command.ts';

export interface SystemAccount {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  /** Absolute path of its home. */
  readonly home: string;
}

/** `right`, `missing`, or the numbers that an account of that name has instead: `1000:1000`. */
export async function lookAtAccount({
  name,
  uid,
  gid,
}: SystemAccount): Promise<'right' | 'missing' | `${string}:${string}`> {
  const found = await runCommand(['getent', 'passwd', name]);
  if (found.exitCode !== 0) return 'missing';
  const [, , foundUid = '', foundGid = ''] = found.stdout.split(':');
  const numbers = `${foundUid}:${foundGid}` as const;
  return numbers === `${uid}:${gid}` ? 'right' : numbers;
}

/** With its group and its home, and bash as its shell. Throws OperationError where one of the numbers is taken. */
export async function makeAccount({ name, uid, gid, home }: SystemAccount): Promise<void> {
  if ((await runCommand(['getent', 'group', name])).exitCode !== 0)
    await runChecked(['groupadd', '--gid', String(gid), name]);
  const ids = ['--uid', String(uid), '--gid', String(gid)];
  await runChecked(['useradd', ...ids, '--create-home', '--home-dir', home, '--shell', '/bin/bash', name]);
}
