// The lab for people: `up`, `down`, `list`, `ssh MACHINE`, `engine`.
import { realpathSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { findEngine, openEngine, stopEngineIfIdle } from './engine.ts';
import { findMachines } from './find-machines.ts';
import type { MachineKind } from './images.ts';
import { openLab, reopenLab } from './lab.ts';
import { checkLabName } from './naming.ts';
import { removeLab } from './remove.ts';
import { exitOf } from './run-command.ts';

const usage = `usage: lab/cli.ts up [--agents N] [--name NAME] [--kind bookworm|trixie]
       lab/cli.ts down [--name NAME]
       lab/cli.ts list
       lab/cli.ts ssh MACHINE [--name NAME] [-- COMMAND…]
       lab/cli.ts engine              start the engine if need be, print its DOCKER_HOST`;

const { values, positionals } = wordsOf(process.argv.slice(2));

function wordsOf(args: string[]) {
  try {
    return parseArgs({
      args,
      allowPositionals: true,
      options: {
        agents: { type: 'string', default: '3' },
        name: { type: 'string', default: 'lab' },
        kind: { type: 'string', default: 'bookworm' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n${usage}`);
    process.exit(2);
  }
}

async function up(): Promise<number> {
  const agents = Number(values.agents);
  if (!Number.isInteger(agents) || !['bookworm', 'trixie'].includes(values.kind)) return misuse();
  const lab = await openLab({ name: values.name, agents, kind: values.kind as MachineKind });
  for (const machine of lab.machines) {
    console.log(
      `${machine.hostname.padEnd(10)} ${machine.identity.address.padEnd(14)} ${await machine.sshHostFingerprint()}`,
    );
  }
  // The one that runs now: the box's own Node may be too old to run TypeScript.
  const cli = `${process.execPath} ${process.argv[1]}`;
  const name = values.name === 'lab' ? '' : ` --name ${values.name}`;
  console.log(`\nlog in:   ${cli} ssh shell${name}`);
  console.log(`there:    ssh ops@agent-a`);
  console.log(`take down: ${cli} down${name}`);
  return 0;
}

async function down(): Promise<number> {
  checkLabName(values.name);
  const engine = await findEngine();
  if (engine === undefined) return 0;
  await removeLab(engine.docker, values.name);
  const stopped = await stopEngineIfIdle(engine);
  console.log(
    `lab ${values.name} is gone${stopped ? '; nothing else used the Docker engine of the lab: stopped' : ''}`,
  );
  return 0;
}

async function list(): Promise<number> {
  const engine = await findEngine();
  for (const machine of engine === undefined ? [] : await findMachines(engine.docker)) {
    const { containerId, kind, address } = machine.identity;
    const state = await machine.docker.run(['inspect', '--format={{.State.Status}}', containerId]);
    console.log([machine.identity.lab, machine.hostname, kind, address, state].join('\t'));
  }
  return 0;
}

async function ssh(hostname: string | undefined, command: readonly string[]): Promise<number> {
  if (hostname === undefined) return misuse();
  const lab = await reopenLab(values.name);
  const machine = lab.machine(hostname.replace(`${values.name}-`, ''));
  const flags = process.stdin.isTTY ? ['--interactive', '--tty'] : ['--interactive'];
  const login = command.length === 0 ? ['bash', '-l'] : command;
  const term = `--env=TERM=${process.env['TERM'] ?? 'xterm'}`;
  const args = ['exec', ...flags, term, '--workdir=/root', machine.identity.containerId, ...login];
  return exitOf(machine.docker.spawn(args, { stdio: 'inherit' }));
}

async function engine(): Promise<number> {
  const { dockerHost } = await openEngine();
  console.log(dockerHost ?? 'unix:///var/run/docker.sock');
  return 0;
}

function misuse(): number {
  console.error(usage);
  return 2;
}

async function main(): Promise<number> {
  const [verb, ...rest] = positionals;
  if (values.help) {
    console.log(usage);
    return 0;
  }
  if (verb === 'up') return up();
  if (verb === 'down') return down();
  if (verb === 'list') return list();
  if (verb === 'ssh') return ssh(rest[0], rest.slice(1));
  if (verb === 'engine') return engine();
  return misuse();
}

if (process.argv[1] !== undefined && realpathSync(process.argv[1]) === import.meta.filename) {
  try {
    process.exitCode = await main();
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
}
