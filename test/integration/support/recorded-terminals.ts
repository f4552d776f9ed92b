// The engine, with everything that its terminals say and are told written down where Docker hands it over.
import type { Docker } from '../../../src/convocate-agent/docker/docker.ts';

export interface Recording {
  readonly output: () => Buffer;
  readonly keys: () => Buffer;
}

export function recordTerminals(engine: Docker, recordings: Recording[]): Docker {
  return {
    ...engine,
    openTerminal: async (container, command) => {
      const terminal = await engine.openTerminal(container, command);
      const output: Buffer[] = [];
      const keys: Buffer[] = [];
      const { stream } = terminal;
      // Not by listening: a listener would begin to read.
      const emit = stream.emit.bind(stream) as (...args: unknown[]) => boolean;
      stream.emit = (...args: unknown[]) => {
        if (args[0] === 'data') output.push(Buffer.from(args[1] as Buffer));
        return emit(...args);
      };
      const write = stream.write.bind(stream) as (...args: unknown[]) => boolean;
      stream.write = (...args: unknown[]) => {
        keys.push(Buffer.from(args[0] as Buffer));
        return write(...args);
      };
      recordings.push({
        output: () => Buffer.concat(output),
        keys: () => Buffer.concat(keys),
      });
      return terminal;
    },
  };
}
