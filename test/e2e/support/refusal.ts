// What a command that refuses owes its operator: the exit code, the reason, the host, what to do next, and no traces of
// our program; the same facts as one JSON object where JSON was asked for.
import { expect } from 'vitest';
import type { Machine } from '../../../lab/machine.ts';
import type { ExecOptions } from '../../../lab/machine-commands.ts';
import { type HostSnapshot, diffSnapshots, snapshotHost } from '../../../lab/snapshot.ts';

export interface ExpectedRefusal {
  /** 3 refused, 2 bad usage, 1 failed. Default 3. */
  readonly exit?: 1 | 2 | 3;
  /** As the operator named it; left out where the trouble is none of a host's. */
  readonly host?: string;
  /** Each must be in the words for people, and in the JSON. */
  readonly says: readonly (string | RegExp)[];
  /** What the hint must say, of what to do next. */
  readonly next: string | RegExp;
}

/** Runs it twice, for people and with `--json`; both must refuse in the same way. */
export async function expectRefusal(
  machine: Machine,
  argv: readonly string[],
  expected: ExpectedRefusal,
  options: ExecOptions = {},
): Promise<void> {
  const { exit = 3 } = expected;
  const forPeople = await machine.exec(argv, options);
  expect.soft(forPeople.exitCode, forPeople.stderr).toBe(exit);
  expect.soft(forPeople.stderr).toMatch(/^error: \S/m);
  if (expected.host !== undefined) expect.soft(forPeople.stderr).toContain(`  host:    ${expected.host}\n`);
  for (const words of expected.says) expect.soft(forPeople.stderr).toMatch(words);
  expect.soft(/^ {2}next: {4}(.*)$/m.exec(forPeople.stderr)?.[1]).toMatch(expected.next);
  expectNoTrace(forPeople.stdout + forPeople.stderr);

  const forMachines = await machine.exec([...argv, '--json'], options);
  expect.soft(forMachines.exitCode, forMachines.stderr).toBe(exit);
  const error = onlyJsonObject(forMachines.stderr);
  expect.soft(error['exit']).toBe(exit);
  expect.soft(error['host']).toBe(expected.host);
  expect.soft(error['hint']).toMatch(expected.next);
  const told = [error['error'], error['output']].filter((text) => typeof text === 'string').join('\n');
  for (const words of expected.says) expect.soft(told).toMatch(words);
  expectNoTrace(forMachines.stdout + forMachines.stderr);
}

export type Pictures = ReadonlyMap<Machine, HostSnapshot>;

export async function pictureOf(machines: readonly Machine[]): Promise<Pictures> {
  const pictures = await Promise.all(machines.map((machine) => snapshotHost(machine)));
  return new Map(machines.map((machine, index) => [machine, pictures[index] ?? new Map()]));
}

/** Each of these machines is what it was, to the byte and the second. */
export async function expectUnchanged(before: Pictures): Promise<void> {
  const after = await pictureOf([...before.keys()]);
  for (const [machine, was] of before) {
    expect.soft(was.size, `${machine.name}: an empty picture proves nothing`).toBeGreaterThan(100);
    expect.soft(diffSnapshots(was, after.get(machine) ?? new Map()), machine.name).toEqual([]);
  }
}

/** The two of them around what is to change nothing. */
export async function expectNothingChanged(
  machines: readonly Machine[],
  act: () => Promise<void>,
): Promise<void> {
  const before = await pictureOf(machines);
  await act();
  await expectUnchanged(before);
}

function onlyJsonObject(text: string): Record<string, unknown> {
  const lines = text.split('\n').filter((line) => line !== '');
  expect.soft(lines, 'one JSON object and nothing else').toHaveLength(1);
  const value: unknown = JSON.parse(lines[0] ?? 'null');
  if (typeof value !== 'object' || value === null) throw new Error(`no JSON object: ${text}`);
  return value as Record<string, unknown>;
}

function expectNoTrace(text: string): void {
  expect.soft(text).not.toMatch(/^ +at .+[(/]/m);
  expect.soft(text).not.toMatch(/internal error|UnhandledPromise|node:internal|\.mjs:\d/);
}
