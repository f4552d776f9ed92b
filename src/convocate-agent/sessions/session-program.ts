import { lstat, stat } from 'node:fs/promises';
import { normalize } from 'node:path';
import { codeOf, messageOf } from '../../base/errors.ts';
import { DEFAULT_SETTINGS } from '../../protocol/agent-settings.ts';
import { CLAUDE_USER } from '../../protocol/host-layout.ts';

/** `none` is no fault: none is set, or the default one is simply not installed, as in a cluster without Claude Code. */
export type FoundProgram = 'none' | 'file' | { readonly fault: string };

/**
 * Looks at the setting `session_program` as sessions are to have it. A link that leads to where the agent sees nothing
 * looks to it like one that leads nowhere.
 */
export async function findSessionProgram(path: string): Promise<FoundProgram> {
  if (path === '') return 'none';
  if (normalize(path).startsWith(`${CLAUDE_USER.home}/`))
    return { fault: `${path} lies in what is the home inside of a session` };
  try {
    return (await stat(path)).isFile() ? 'file' : { fault: `${path} is not a file` };
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') return { fault: messageOf(error) };
  }
  const isThere = await lstat(path).then(
    () => true,
    () => false,
  );
  if (isThere) return { fault: `${path} is a link to what the agent does not see` };
  return path === DEFAULT_SETTINGS.session_program ? 'none' : { fault: `${path} is not there` };
}
