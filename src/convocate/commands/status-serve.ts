import { once } from 'node:events';
import { type Command, Option } from 'commander';
import { UsageError } from '../../base/errors.ts';

interface ServeOptions {
  readonly socket?: string;
  readonly agentKeys?: string;
  readonly hostKey?: string;
  readonly address?: string;
  readonly port?: number;
}

/** The places an installed shell host has are the defaults; the options that change them are for tests. */
export function addStatusServeCommand(program: Command): void {
  program
    .command('status-serve')
    .description('run the status service of the shell host (started by convocate-status.service)')
    .addOption(new Option('--socket <path>').hideHelp())
    .addOption(new Option('--agent-keys <directory>').hideHelp())
    .addOption(new Option('--host-key <file>').hideHelp())
    .addOption(new Option('--address <ip>').hideHelp())
    .addOption(new Option('--port <n>').hideHelp().argParser(portOf))
    .action(serve);
}

async function serve(options: ServeOptions): Promise<void> {
  const [{ startStatusService }, { serviceLog }, { notifyReady }, { CLAUDE_USER }] = await Promise.all([
    import('../status-service/status-service.ts'),
    import('../status-service/service-log.ts'),
    import('../../base/notify-ready.ts'),
    import('../../protocol/host-layout.ts'),
  ]);
  const asked = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => asked.abort(signal));
  const log = serviceLog();
  process.on('uncaughtException', (err) => {
    log.fatal({ err }, 'a bug: the service ends, and systemd starts it again'); // with its stack, for whoever mends it
    process.exit(1);
  });
  const service = await startStatusService({
    log,
    agentKeysDir: options.agentKeys,
    hostKeyFile: options.hostKey,
    socketPath: options.socket,
    socketGid: CLAUDE_USER.gid,
    address: options.address,
    port: options.port,
  });
  log.info({ port: service.port, agents: service.live.agents().length }, 'serving');
  const stop = asked.signal.aborted ? Promise.resolve() : once(asked.signal, 'abort');
  await Promise.race([stop, notifyReady((message) => log.warn(message))]);
  await stop;
  log.info({ signal: String(asked.signal.reason) }, 'stopping');
  await service.close();
  process.exit(0); // an agent that is just being dialled must not hold up the stop
}

function portOf(text: string): number {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) throw new UsageError('--port must be 0 to 65535');
  return port;
}
