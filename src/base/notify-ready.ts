import { runCommand } from './run-command.ts';

/** Tells systemd that the service is up; does nothing where no one asked (`NOTIFY_SOCKET` is not set). */
export async function notifyReady(onProblem: (message: string) => void): Promise<void> {
  if (!process.env['NOTIFY_SOCKET']) return;
  const { exitCode, stderr } = await runCommand(['systemd-notify', '--ready'], { timeoutMs: 10_000 });
  if (exitCode !== 0) onProblem(`systemd-notify failed (exit ${exitCode}): ${stderr.trim()}`);
}
