// A lab: one shell host and some agent hosts on a network of their own.
import { type EngineFacts, engineFacts, type MachinePlan, runArgs } from './boot.ts';
import type { Docker } from './docker.ts';
import { type Engine, findEngine, openEngine } from './engine.ts';
import { findMachines } from './find-machines.ts';
import { ensureMachineImage, type MachineKind } from './images.ts';
import { Machine } from './machine.ts';
import { agentHostname, checkLabName, type Role } from './naming.ts';
import { addressAt, createNetwork, findNetwork, maxMachines } from './network.ts';
import { removeLab } from './remove.ts';
import { authorizeShell } from './ssh-access.ts';

export interface LabOptions {
  /** 1 to 32 of a-z, 0-9, "-"; unique among the labs of this checkout that are open. */
  readonly name: string;
  readonly agents: number;
  /** Default bookworm. */
  readonly kind?: MachineKind;
}

export class Lab implements AsyncDisposable {
  readonly name: string;
  readonly engine: Engine;
  readonly shell: Machine;
  readonly agents: readonly Machine[];

  constructor(name: string, engine: Engine, shell: Machine, agents: readonly Machine[]) {
    this.name = name;
    this.engine = engine;
    this.shell = shell;
    this.agents = agents;
  }

  get machines(): readonly Machine[] {
    return [this.shell, ...this.agents];
  }

  /** By hostname, such as "agent-b"; throws when there is none. */
  machine(hostname: string): Machine {
    const found = this.machines.find((machine) => machine.hostname === hostname);
    if (found === undefined) throw new Error(`lab ${this.name} has no machine ${hostname}`);
    return found;
  }

  /** The agent at this index, counted from 0; throws when there is none. */
  agent(index: number): Machine {
    return this.machine(agentHostname(index));
  }

  /** Removes the machines, their volumes and the network; the engine and its images stay. Twice is fine. */
  close(): Promise<void> {
    return removeLab(this.engine.docker, this.name);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/** Boots it and waits until each machine's systemd, sshd and Docker are up and the shell may log in to the agents. */
export async function openLab({ name, agents, kind = 'bookworm' }: LabOptions): Promise<Lab> {
  checkLabName(name);
  if (agents < 0 || agents >= maxMachines)
    throw new Error(`a lab has 0 to ${maxMachines - 1} agents, not ${agents}`);
  const engine = await openEngine();
  const { docker } = engine;
  const image = await ensureMachineImage(docker, kind);
  if ((await findNetwork(docker, name)) !== undefined)
    throw new Error(`the lab ${name} is open already: close it first`);
  try {
    const network = await createNetwork(docker, name);
    const facts = await engineFacts(docker);
    const hosts: { hostname: string; role: Role }[] = [
      { hostname: 'shell', role: 'shell' },
      ...Array.from({ length: agents }, (_, index) => ({
        hostname: agentHostname(index),
        role: 'agent' as const,
      })),
    ];
    const plans = hosts.map(
      (host, index): MachinePlan => ({
        ...host,
        lab: name,
        kind,
        address: addressAt(network, index),
        network,
        image,
      }),
    );
    const [shell, ...others] = await startAll(docker, plans, facts);
    if (shell === undefined) throw new Error('a lab without a shell host');
    await authorizeShell(shell, others);
    return new Lab(name, engine, shell, others);
  } catch (error) {
    await removeLab(docker, name);
    throw error;
  }
}

/** A lab of this checkout that another process opened. */
export async function reopenLab(name: string): Promise<Lab> {
  const engine = await findEngine();
  if (engine === undefined) throw new Error(`there is no lab ${name}: no Docker engine runs`);
  const machines = await findMachines(engine.docker, name);
  const shell = machines.find((machine) => machine.identity.role === 'shell');
  if (shell === undefined) throw new Error(`there is no lab ${name}`);
  return new Lab(
    name,
    engine,
    shell,
    machines.filter((machine) => machine !== shell),
  );
}

async function startAll(
  docker: Docker,
  plans: readonly MachinePlan[],
  facts: EngineFacts,
): Promise<Machine[]> {
  const starting = plans.map(async (plan) => {
    const containerId = await docker.run(runArgs(plan, facts));
    const { lab, hostname, role, kind, address } = plan;
    const machine = new Machine(docker, { lab, hostname, role, kind, address, containerId });
    await machine.waitReady();
    return machine;
  });
  // All of them settle before an error leaves: a `docker run` still under way would outlive the clean-up.
  const settled = await Promise.allSettled(starting);
  return settled.map((one) => {
    if (one.status === 'rejected') throw one.reason;
    return one.value;
  });
}
