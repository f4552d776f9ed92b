import type { Duplex } from 'node:stream';
import type Dockerode from 'dockerode';
import { callDocker, statusOf } from './docker-error.ts';
import type { ExecCommand, ExecResult, Terminal } from './docker.ts';

const CALL_MS = 15_000;
/** The commands we run to their end are small scripts of the image. */
const SHORT_COMMAND_MS = 30_000;
const MAX_OUTPUT_BYTES = 64 * 1024;
/** Docker knows a size only for a process that is up; the docker command itself tries again in the same way. */
const RESIZE_TRIES = 20;
const RESIZE_WAIT_MS = 25;

export async function execToEnd(
  client: Dockerode,
  container: string,
  command: ExecCommand,
): Promise<ExecResult> {
  const what = `run ${command.argv[0]} in ${container}`;
  return await callDocker(what, SHORT_COMMAND_MS, async (abortSignal) => {
    const exec = await createExec(client, container, command, abortSignal);
    const stream = await exec.start({ hijack: true, stdin: false, Tty: true });
    abortSignal.addEventListener('abort', () => stream.destroy(), { once: true });
    const output = await collect(stream);
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
      const exec = await createExec(client, container, command, abortSignal);
      // With `hijack` this is the raw socket: writes and reads hold back as the other side does.
      const stream = await exec.start({ hijack: true, stdin: true, Tty: true });
      abortSignal.addEventListener('abort', () => stream.destroy(), { once: true });
      return { exec, stream };
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
  abortSignal: AbortSignal,
): Promise<Dockerode.Exec> {
  return await client.getContainer(container).exec({
    Cmd: [...command.argv],
    User: command.user,
    Env: Object.entries(command.env ?? {}).map(([name, value]) => `${name}=${value}`),
    Tty: true,
    AttachStdin: true,
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

async function collect(stream: Duplex): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size <= MAX_OUTPUT_BYTES) chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
