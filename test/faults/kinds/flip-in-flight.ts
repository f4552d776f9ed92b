import { join } from 'node:path';
import { pollUntil } from '../../../src/base/deadline.ts';
import type { Fault } from '../fault.ts';

const UNIT = 'lab-flipping-proxy.service';
const PROGRAM = '/lab/flipping-proxy.ts';
const NODE = '/usr/local/lib/convocate/current/runtime/node';
/** Where the proxy listens for each of the host's own listeners. */
const PORTS = [
  ['22', '10022'],
  ['222', '10222'],
] as const;

/**
 * A byte on its way turns into another one, and TCP's checksum does not see it, as with a bad switch: a proxy on the
 * host's own side does that to all that comes in for sshd and for the agent.
 */
export const flipInFlight: Fault = {
  name: 'flip-in-flight',
  prepare: async ({ agent }) => {
    await agent.copyIn(join(import.meta.dirname, '../on-machine/flipping-proxy.ts'), PROGRAM);
    const pairs = PORTS.map(([to, from]) => `${from}:${to}`);
    await agent.run(['systemd-run', '--quiet', '--collect', `--unit=${UNIT}`, NODE, PROGRAM, ...pairs]);
    for (const [, port] of PORTS) {
      const argv = ['nc', '-z', '127.0.0.1', port];
      const listens = async (): Promise<true | undefined> =>
        (await agent.exec(argv)).exitCode === 0 ? true : undefined;
      await pollUntil(listens, { timeoutMs: 15_000, intervalMs: 100, what: `the proxy on ${port}` });
    }
    for (const rule of rules('-A')) await agent.run(rule);
  },
  strike: async ({ site: { agent } }) => {
    await agent.run(['systemctl', 'kill', '--signal=USR1', UNIT]);
    return {};
  },
  tidy: async ({ agent }) => {
    for (const rule of rules('-D')) await agent.run(rule);
    await agent.exec(['systemctl', 'stop', UNIT]);
  },
};

function rules(action: '-A' | '-D'): string[][] {
  return PORTS.map(([to, from]) => [
    ...['iptables', '-t', 'nat', action, 'PREROUTING', '-i', 'eth0', '-p', 'tcp'],
    ...['--dport', to, '-j', 'REDIRECT', '--to-port', from],
  ]);
}
