import { type FSWatcher, watch } from 'node:fs';
import { SHELL_HOST } from '../protocol/host-layout.ts';

export interface RegistryWatch {
  close(): void;
}

/** The file system's notice may be missed (a directory made later, a network file system): look anyway this often. */
const RESCAN_MS = 15_000;
const SETTLE_MS = 100;

/** Calls `changed` soon after entries came, changed their directory or went, and every 15 s besides. */
export async function watchRegistry(
  dir: string = SHELL_HOST.agentKeysDir,
  changed: () => Promise<void>,
): Promise<RegistryWatch> {
  let settle: NodeJS.Timeout | undefined;
  let watcher: FSWatcher | undefined;
  const listen = (): void => {
    try {
      watcher = watch(dir, () => {
        clearTimeout(settle);
        settle = setTimeout(() => void changed(), SETTLE_MS);
      });
      watcher.on('error', () => {
        watcher?.close();
        watcher = undefined; // the next look tries again
      });
    } catch {
      watcher = undefined; // no agent was ever registered here: the directory comes with the first one
    }
  };
  listen();
  const rescan = setInterval(() => {
    if (!watcher) listen();
    void changed();
  }, RESCAN_MS);
  return {
    close: () => {
      clearTimeout(settle);
      clearInterval(rescan);
      watcher?.close();
    },
  };
}
