import type { Host } from '../host-access/host.ts';
import { WRITE_FILE, scriptArgv } from './host-scripts.ts';

/** Writes a small file on a host as one step; tells whether it changed. The content goes over stdin. */
export async function writeHostFile(
  host: Host,
  path: string,
  content: string,
  mode: string,
): Promise<boolean> {
  const answer = await host.check(scriptArgv(WRITE_FILE, path, mode), { input: content });
  return answer.trim() === 'changed';
}
