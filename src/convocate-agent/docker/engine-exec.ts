import type { Duplex } from 'node:stream';
import type Dockerode from 'dockerode';
import { TailBuffer } from '../../base/tail-buffer.ts';
import { Demultiplexer } from './demultiplex.ts';
import { callDocker, statusOf } from './docker-error.ts';
import type { ExecCommand, ExecResult, Terminal } from './docker.ts';

const CALL_MS = 15_000;
/** The commands we run to their end are small scripts of the image, and calls of its tmux. */
const SHORT_COMMAND_MS = 30_000;
const KEEP_BYTES = 64 * 1024;
/** Docker knows a size only for a process that is up; the docker command itself tries again in the same way. */
const RESIZE_TRIES = 20;
const RESIZE_WAIT_MS = 25;

export async function execToEnd(
  client: Dockerode,
  container: string,
  command: ExecCommand,
): Promise<ExecResult> {
  const what = `run ${command.argv[0]} in ${container}`;
  return await callDocker(what, command.timeoutMs ?? SHORT_COMMAND_MS, async (abortSignal) => {
    // Without a terminal: one would change what goes in and what comes out.
    const stdin = command.input !== undefined;
    const exec = await createExec(
      client,
      container,
      command,
      { Tty: false, AttachStdin: stdin },
      abortSignal,
    );
    const stream = destroyedBy(
      abortSignal,
      await exec.start({ hijack: true, stdin, Tty: false, abortSignal }),
    );
    if (stdin) stream.end(command.input);
    const output = await collect(stream, command);
    const { ExitCode } = await exec.inspect({ abortSignal });
    return { exitCode: ExitCode ?? -1, output };
  });
}

export async function openTerminal(
  client: Dockerode,
  container: string,
  command: ExecCommand,
): Promise<Terminal> {
  const { exec, stream } = await callDocker(
    `open a terminal in ${container}`,
    CALL_MS,
    async (abortSignal) => {
      const exec = await createExec(
        client,
        container,
        command,
        { Tty: true, AttachStdin: true },
        abortSignal,
      );
      // With `hijack` this is the raw socket: writes and reads hold back as the other side does.
      const stream = await exec.start({ hijack: true, stdin: true, Tty: true, abortSignal });
      return { exec, stream: destroyedBy(abortSignal, stream) };
    },
  );
  return {
    stream,
    resize: (cols, rows) =>
      callDocker(`resize a terminal in ${container}`, CALL_MS, async (abortSignal) => {
        await retryResize(() => exec.resize({ h: rows, w: cols, abortSignal }));
      }),
    status: () =>
      callDocker(`inspect a terminal in ${container}`, CALL_MS, async (abortSignal) => {
        const info = await exec.inspect({ abortSignal }).catch((error: unknown) => {
          if (statusOf(error) === 404) return { Running: false, ExitCode: null }; // gone with its container
          throw error;
        });
        return { running: info.Running, exitCode: info.ExitCode ?? undefined };
      }),
  };
}

async function createExec(
  client: Dockerode,
  container: string,
  command: ExecCommand,
  ends: { readonly Tty: boolean; readonly AttachStdin: boolean },
  abortSignal: AbortSignal,
): Promise<Dockerode.Exec> {
  return await client.getContainer(container).exec({
    Cmd: [...command.argv],
    User: command.user,
    Env: Object.entries(command.env ?? {}).map(([name, value]) => `${name}=${value}`),
    ...ends,
    AttachStdout: true,
    AttachStderr: true,
    abortSignal,
  });
}

async function retryResize(resize: () => Promise<unknown>): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      await resize();
      return;
    } catch (error) {
      if (tries === RESIZE_TRIES) throw error;
      await new Promise((resolve) => setTimeout(resolve, RESIZE_WAIT_MS));
    }
  }
}

/** A stream that nobody waits for any more is not read on: also one that came only after that. */
function destroyedBy(abortSignal: AbortSignal, stream: Duplex): Duplex {
  if (abortSignal.aborted) stream.destroy();
  else abortSignal.addEventListener('abort', () => stream.destroy(), { once: true });
  return stream;
}

async function collect(stream: Duplex, { keepBytes, mostBytes }: ExecCommand): Promise<string> {
  const demultiplexer = new Demultiplexer();
  const kept = new TailBuffer(keepBytes ?? KEEP_BYTES);
  let read = 0;
  // Leaving the loop by an error destroys the stream.
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    for (const piece of demultiplexer.push(chunk)) {
      read += piece.length;
      if (mostBytes !== undefined && read > mostBytes)
        throw new Error(`it prints more than ${mostBytes} bytes`);
      kept.push(piece);
    }
  }
  return kept.bytes().toString('utf8');
}
