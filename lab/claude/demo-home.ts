/**
 * What a demo session's home needs on top of the ordinary skel, so that the real program starts working at once
 * instead of asking its first-run questions. For the lab only: real users answer them once.
 */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The key that demo sessions use. It opens nothing: the stand-in accepts any. */
export const demoApiKey = 'sk-ant-api03-convocate-lab-stand-in-key-opens-nothing';

const home = '/home/claude';

/** Paths relative to the home, with the content of each file; an overlay for `/etc/convocate-agent/skel`. */
export function demoHome(apiKey: string): Map<string, string> {
  const program = {
    hasCompletedOnboarding: true,
    theme: 'dark',
    // The program remembers approved keys by their end.
    customApiKeyResponses: { approved: [apiKey.slice(-20)], rejected: [] },
    projects: {
      [home]: { hasTrustDialogAccepted: true, hasCompletedProjectOnboarding: true, allowedTools: [] },
    },
  };
  const settings = {
    ...skelSettings(), // with the hooks that tell what the program is doing
    // Writing files in the home shows work; everything else still asks, which the demo shows too.
    permissions: { defaultMode: 'acceptEdits' },
    env: demoEnvironment,
    // Moving spinners of four sessions would take half of a small box.
    prefersReducedMotion: true,
    spinnerTipsEnabled: false,
  };
  return new Map([
    ['.claude.json', toJson(program)],
    ['.claude/settings.json', toJson(settings)],
  ]);
}

/** Keeps the program from looking for updates and sending telemetry, for which the lab has no network. */
const demoEnvironment = { DISABLE_AUTOUPDATER: '1', CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1' };

/** What every new home has; the overlay takes its place, so it must hold all of it. */
function skelSettings(): object {
  const file = join(import.meta.dirname, '../../image/skel/.claude/settings.json');
  return JSON.parse(readFileSync(file, 'utf8')) as object;
}

function toJson(value: object): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
