import * as z from 'zod/mini';
import type { Manifest } from './manifest.ts';

/** What a release puts on an agent host besides its program: text files, some with the host's own numbers in them. */
export const HostFile = z.object({
  /** Where the text lies in the release. */
  from: z.string(),
  /** Where it goes on the host. */
  to: z.string().check(
    z.regex(/^\/etc\/[A-Za-z0-9._/-]+$/),
    z.refine((path) => !path.includes('..')),
  ),
  mode: z.int(),
  /** systemd has to read it again when it changed. */
  systemd: z.boolean(),
});
export type HostFile = z.infer<typeof HostFile>;

/** The list travels with the release, so that a plan for an older one shows what that one would write. */
export const HOST_FILES_INDEX = 'install/files.json';

export const HOST_FILES: readonly HostFile[] = [
  {
    from: 'install/convocate-agent.service',
    to: '/etc/systemd/system/convocate-agent.service',
    mode: 0o644,
    systemd: true,
  },
  {
    from: 'install/convocate-sessions.slice',
    to: '/etc/systemd/system/convocate-sessions.slice',
    mode: 0o644,
    systemd: true,
  },
  {
    from: 'install/convocate-image-prune',
    to: '/etc/cron.daily/convocate-image-prune',
    mode: 0o755,
    systemd: false,
  },
];

export interface HostNumbers {
  readonly cores: number;
  readonly memoryBytes: number;
}

export interface RenderedFile {
  readonly path: string;
  readonly mode: number;
  readonly systemd: boolean;
  readonly text: string;
}

/** Share of the host that all sessions together may take; the rest stays for the host and for whoever rescues it. */
const SESSIONS_SHARE_PERCENT = 90;

/**
 * Fills `{{cpu_quota_percent}}` and `{{memory_max_bytes}}`; an unknown name is a bug of the release and throws. The second
 * stands only in releases from before the slice said `MemoryMax=90%`: a host must still be able to go back to one.
 */
export function renderTemplate(template: string, host: HostNumbers): string {
  const values: Record<string, string> = {
    cpu_quota_percent: String(host.cores * SESSIONS_SHARE_PERCENT),
    memory_max_bytes: String(Math.floor((host.memoryBytes * SESSIONS_SHARE_PERCENT) / 100)),
  };
  return template.replaceAll(/\{\{(\w+)\}\}/g, (_whole, name: string) => {
    const value = values[name];
    if (value === undefined) throw new TypeError(`a template names {{${name}}}, which is not known`);
    return value;
  });
}

/** Every host file of a release as it must stand on a host with these numbers. */
export async function renderHostFiles(
  manifest: Manifest,
  read: (manifest: Manifest, path: string) => Promise<Buffer>,
  host: HostNumbers,
): Promise<RenderedFile[]> {
  const index = z
    .array(HostFile)
    .parse(JSON.parse((await read(manifest, HOST_FILES_INDEX)).toString('utf8')));
  return await Promise.all(
    index.map(async ({ from, to, mode, systemd }) => ({
      path: to,
      mode,
      systemd,
      text: renderTemplate((await read(manifest, from)).toString('utf8'), host),
    })),
  );
}
