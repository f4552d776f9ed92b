import type { Machine } from '../../../lab/machine.ts';
import type { Fault } from '../fault.ts';

/** `kill -9` of the operator's program; it may just have ended by itself. */
export const killOperator: Fault = {
  name: 'kill-operator',
  strike: async ({ run }) => {
    await run.kill().catch(() => undefined);
    return {};
  },
};

export const killAgent: Fault = {
  name: 'kill-agent',
  strike: async ({ site }) => {
    await killMain(site.agent, 'convocate-agent.service');
    return {};
  },
};

/** Sessions live on by live-restore. */
export const killDocker: Fault = {
  name: 'kill-dockerd',
  prepare: async ({ agent }) => {
    await agent.run(['systemctl', 'reset-failed', 'docker.service']); // its start limit is not what this is about
  },
  strike: async ({ site }) => {
    await killMain(site.agent, 'docker.service');
    return {};
  },
};

/** The connections that sshd serves, and not the one that listens. */
export const cutSsh: Fault = {
  name: 'cut-ssh',
  strike: async ({ site }) => {
    const script = 'pkill -KILL -P "$(systemctl show ssh.service -p MainPID --value)"; exit 0';
    await site.agent.run(['sh', '-c', script]);
    return {};
  },
};

async function killMain(machine: Machine, unit: string): Promise<void> {
  const script = 'pid=$(systemctl show "$1" -p MainPID --value); [ "$pid" = 0 ] || kill -KILL "$pid"; exit 0';
  await machine.run(['sh', '-c', script, 'sh', unit]);
}
