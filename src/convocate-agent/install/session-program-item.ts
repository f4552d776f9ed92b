import { realpath } from 'node:fs/promises';
import { WHERE_PROGRAMS_GO, unseenPlaceOf } from '../../protocol/agent-settings.ts';
import { AGENT_HOST } from '../../protocol/host-layout.ts';
import { findSessionProgram } from '../sessions/session-program.ts';
import type { SettingsFile } from '../sessions/settings-file.ts';
import type { ManagedItem } from './item.ts';

/** Whether sessions will have their program: looked at from the host, of which the agent's service sees less. */
export function sessionProgramItem(settings: SettingsFile): ManagedItem {
  return {
    name: 'session program',
    warnOnly: true,
    check: async () => {
      const { session_program: path } = await settings.read();
      if (path === '') return undefined;
      const found = await findSessionProgram(path);
      if (found === 'none')
        return `${path} is missing: sessions start without it until it is installed on this host`;
      const fault = found === 'file' ? await faultOfPlace(path) : found.fault;
      return fault && `${fault}: no session can be started; ${WHERE_PROGRAMS_GO}`;
    },
    apply: () => Promise.resolve(),
  };
}

/** The homes are the one place below these that the agent's unit lets it see. */
async function faultOfPlace(path: string): Promise<string | undefined> {
  const real = await realpath(path);
  if (real.startsWith(`${AGENT_HOST.homesDir}/`)) return undefined;
  if (unseenPlaceOf(real) === undefined) return undefined;
  return real === path
    ? `the agent does not see ${path}`
    : `${path} leads to ${real}, which the agent does not see`;
}
