import { readFileSync, readdirSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';

/**
 * The house, as ARCHITECTURE.md describes it, held against the code: who may import whom, what must not be called
 * where, and how large a file may get. A rule that nothing needs any more fails too, so that the map stays true.
 */
const ROOT = dirname(import.meta.dirname);
const SRC = join(ROOT, 'src');

/** Which rooms each room imports; everything else is forbidden, and so is an entry that no import needs. */
const ROOMS: Record<string, readonly string[]> = {
  base: [],
  protocol: [],
  ssh: ['base', 'protocol'],
  release: ['base', 'protocol'],
  'host-access': ['base', 'protocol'],
  cluster: ['base', 'protocol', 'ssh'],
  convocate: ['base', 'protocol', 'ssh', 'release', 'cluster'],
  'convocate-agent': ['base', 'protocol', 'ssh', 'release'],
  'convocate-host': ['base', 'protocol', 'release', 'host-access', 'cluster'],
};

const ENTRY_POINTS = ['convocate/main.ts', 'convocate-agent/main.ts', 'convocate-host/main.ts'];

/** Doors: the only file or folder that may open this outside thing. */
const DOORS: Record<string, string> = {
  'node:child_process': 'base/run-command.ts',
  dockerode: 'convocate-agent/docker/',
  ssh2: 'ssh/',
};

/** A ratchet: no file may grow past it, and whoever makes the largest one smaller lowers it. */
const MOST_LINES = 240;

interface SourceFile {
  readonly path: string;
  readonly text: string;
  readonly lines: number;
  /** Our own files it imports, relative to src/. */
  readonly imports: readonly string[];
  /** The packages of which it takes more than types. */
  readonly opens: readonly string[];
  readonly typesOnly: boolean;
}

function readSources(): Map<string, SourceFile> {
  const paths = readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter((path) =>
    /\.tsx?$/.test(path),
  );
  return new Map(paths.map((path) => [path, readSource(path)]));
}

function readSource(path: string): SourceFile {
  const text = readFileSync(join(SRC, path), 'utf8');
  const statements = [
    ...text.matchAll(/(?:^(import|export)\s(type\s)?[^;]*?from\s+|^import\s+|import\()['"]([^'"]+)['"]/gm),
  ];
  const specifiers = statements.map((match) => match[3] ?? '');
  const own = specifiers.filter((name) => name.startsWith('.'));
  return {
    path,
    text,
    lines: text.split('\n').length,
    imports: own.map((name) => relative(SRC, join(SRC, dirname(path), name))),
    opens: statements.filter((match) => match[2] === undefined).map((match) => match[3] ?? ''),
    typesOnly: statements.every((match) => match[2] !== undefined),
  };
}

const sources = readSources();
const production = [...sources.values()].filter(
  (file) => !/\.test\.tsx?$/.test(file.path) && !/(^|\/)fake-|-fixture\.ts$/.test(file.path),
);
const roomOf = (path: string): string => path.split('/')[0] ?? '';

function reachableFrom(entries: readonly string[]): Set<string> {
  const found = new Set<string>();
  const visit = (path: string): void => {
    if (found.has(path)) return;
    found.add(path);
    for (const next of sources.get(path)?.imports ?? []) visit(next);
  };
  for (const entry of entries) visit(entry);
  return found;
}

describe('rooms', () => {
  it('are exactly the ones on the map', () => {
    expect([...new Set(production.map((file) => roomOf(file.path)))].sort()).toEqual(
      Object.keys(ROOMS).sort(),
    );
  });

  it.each(Object.entries(ROOMS))('%s imports only %j, and each of them', (room, allowed) => {
    const used = production
      .filter((file) => roomOf(file.path) === room)
      .flatMap((file) => file.imports.map(roomOf))
      .filter((other) => other !== room);
    expect([...new Set(used)].sort()).toEqual([...allowed].sort());
  });

  it('import only files that exist', () => {
    const missing = production.flatMap((file) => file.imports.filter((path) => !sources.has(path)));
    expect(missing).toEqual([]);
  });
});

describe('files', () => {
  it('are all reached from a command: nothing is dead', () => {
    const alive = reachableFrom(ENTRY_POINTS);
    expect(production.map((file) => file.path).filter((path) => !alive.has(path))).toEqual([]);
  });

  it('stay small', () => {
    const largest = Math.max(...production.map((file) => file.lines));
    expect(largest).toBeLessThanOrEqual(MOST_LINES);
    expect(MOST_LINES - largest, 'lower MOST_LINES: the largest file became smaller').toBeLessThanOrEqual(40);
  });

  it('are not called utils, helpers or index', () => {
    expect(
      production
        .map((file) => file.path)
        .filter((path) => /(^|\/)(utils?|helpers?|misc|common|index)\.ts$/.test(path)),
    ).toEqual([]);
  });

  it('the plan is pure: it imports types only', () => {
    expect(sources.get('convocate-host/plan.ts')?.typesOnly).toBe(true);
  });
});

describe('doors', () => {
  it.each(Object.entries(DOORS))('%s is opened only by %s', (name, door) => {
    const users = production.filter((file) => file.opens.includes(name)).map((file) => file.path);
    expect(users.length).toBeGreaterThan(0);
    expect(users.filter((path) => !path.startsWith(door))).toEqual([]);
  });

  it('no command line is built as a string for a shell', () => {
    const offenders = production.filter((file) => /shell:\s*true|\bexecSync\(|\bexec\(\s*`/.test(file.text));
    expect(offenders.map((file) => file.path)).toEqual([]);
  });

  it('the agent carries no terminal UI and no OpenSSH client of the provisioning side', () => {
    const agent = reachableFrom(['convocate-agent/main.ts']);
    expect(
      [...agent].filter((path) => /^(host-access|cluster|convocate|convocate-host)\//.test(path)),
    ).toEqual([]);
  });
});
