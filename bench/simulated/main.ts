// A simulated cluster as a process of its own:
//
//   node bench/simulated/main.ts --directory DIR --status-port PORT [--agents 50] [--sessions 1000]
//   build/convocate status-serve --agent-keys DIR/agent-keys --host-key DIR/host_key --socket DIR/shell.sock \
//     --address 127.0.0.1 --port PORT
//   CONVOCATE_SOCKET=DIR/shell.sock build/convocate ls
//
// Says {"ready":true} when every agent listens, then takes one JSON order a line and answers each with a line. It ends
// with its stdin, or on SIGTERM.
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { SimulatedCluster } from './simulated-cluster.ts';

/** What may be ordered; `agent` is an agent id. */
export type Order =
  /** So many changes, one every `every_ms`; 0 for all at once. With `mark`, each has the time that it was made as its detail. */
  | { readonly do: 'touch'; readonly count: number; readonly every_ms: number; readonly mark?: boolean }
  | { readonly do: 'hang' | 'wake' | 'die' | 'come_back'; readonly agent: string }
  | { readonly do: 'add'; readonly agent: string; readonly name: string }
  | { readonly do: 'remove'; readonly agent: string; readonly uuid: string };

/** By the clock that all processes of this machine share. */
export function mark(): string {
  return `at ${process.hrtime.bigint()}`;
}

async function obey(cluster: SimulatedCluster, order: Order): Promise<object> {
  switch (order.do) {
    case 'touch':
      for (let index = 0; index < order.count; index += 1) {
        if (index > 0 && order.every_ms > 0) await pause(order.every_ms);
        cluster.touch(order.mark ? mark() : undefined);
      }
      return {};
    case 'hang':
      cluster.agent(order.agent).hang();
      return {};
    case 'wake':
      cluster.agent(order.agent).wake();
      return {};
    case 'die':
      await cluster.agent(order.agent).die();
      return {};
    case 'come_back':
      await cluster.agent(order.agent).comeBack();
      return {};
    case 'add':
      return { uuid: cluster.agent(order.agent).addSession(order.name).uuid };
    case 'remove':
      cluster.agent(order.agent).removeSession(order.uuid);
      return {};
  }
}

function say(value: object): void {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}

const { values } = parseArgs({
  options: {
    directory: { type: 'string' },
    'status-port': { type: 'string' },
    agents: { type: 'string', default: '50' },
    sessions: { type: 'string', default: '1000' },
  },
});
if (values.directory === undefined || values['status-port'] === undefined) {
  process.stderr.write('simulated cluster: --directory and --status-port must be given\n');
  process.exit(2);
}
process.once('SIGTERM', () => process.exit(0));
await using cluster = await SimulatedCluster.start({
  directory: values.directory,
  statusPort: Number(values['status-port']),
  agents: Number(values.agents),
  sessions: Number(values.sessions),
});
say({ ready: true });
for await (const line of createInterface({ input: process.stdin })) {
  try {
    say({ done: true, ...(await obey(cluster, JSON.parse(line) as Order)) });
  } catch (error) {
    say({ done: false, error: String(error) });
  }
}
