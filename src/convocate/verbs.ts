import type { Command } from 'commander';

type AddCommand = (program: Command) => void;

type Verb = readonly [name: string, load: () => Promise<AddCommand>, hidden?: 'hidden'];

/** Every verb, in the order of the help, with the module that knows it. */
export const VERBS: readonly Verb[] = [
  ['tui', async () => (await import('./commands/tui.ts')).addTuiCommand, 'hidden'],
  ['ls', async () => (await import('./commands/ls.ts')).addLsCommand],
  ['new', async () => (await import('./commands/new.ts')).addNewCommand],
  ['attach', async () => (await import('./commands/attach.ts')).addAttachCommand],
  ['send', async () => (await import('./commands/send.ts')).addSendCommand],
  ['screen', async () => (await import('./commands/screen.ts')).addScreenCommand],
  ['logs', async () => (await import('./commands/logs.ts')).addLogsCommand],
  ['explain', async () => (await import('./commands/explain.ts')).addExplainCommand],
  ['wait', async () => (await import('./commands/wait.ts')).addWaitCommand],
  ['events', async () => (await import('./commands/events.ts')).addEventsCommand],
  ['kill', async () => (await import('./commands/session-verbs.ts')).addKillCommand],
  ['restart', async () => (await import('./commands/session-verbs.ts')).addRestartCommand],
  ['background', async () => (await import('./commands/session-verbs.ts')).addBackgroundCommand],
  ['override', async () => (await import('./commands/session-verbs.ts')).addOverrideCommand],
  ['edit', async () => (await import('./commands/edit.ts')).addEditCommand],
  ['clone', async () => (await import('./commands/clone.ts')).addCloneCommand],
  ['rm', async () => (await import('./commands/rm.ts')).addRmCommand],
  ['settings', async () => (await import('./commands/settings.ts')).addSettingsCommand],
  ['completion', async () => (await import('./commands/completion.ts')).addCompletionCommand],
  ['install', async () => (await import('./commands/install.ts')).addInstallCommand],
  ['status-serve', async () => (await import('./commands/status-serve.ts')).addStatusServeCommand],
  ['version', async () => (await import('./commands/version.ts')).addVersionCommand],
];

/** The names of those that a person need see: what the help lists, told without loading a single one. */
export function shownVerbs(): string[] {
  return VERBS.flatMap(([name, , hidden]) => (hidden ? [] : [name]));
}
