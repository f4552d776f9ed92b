import { dirname } from 'node:path';
import { syncToDisk } from '../../base/atomic-file.ts';
import { runChecked, runCommand } from '../../base/run-command.ts';
import type { ManagedItem } from './item.ts';

/**
 * systemd has read the units as they stand. Asked of systemd itself and not of what was written just now, so that a
 * run that was cut off between the two is mended by the next one; `daemon-reload` runs only where a text changed.
 */
export function systemdItem(units: readonly string[]): ManagedItem {
  return {
    name: 'systemctl daemon-reload',
    check: async () => {
      const argv = ['systemctl', 'show', '--property=NeedDaemonReload', ...units];
      const { exitCode, stdout } = await runCommand(argv);
      const answers = stdout.split('\n').filter((line) => line !== '');
      if (answers.includes('NeedDaemonReload=yes')) return 'a unit changed since systemd read it';
      // Silence is no answer: to read once more does no harm, a unit that was not read does.
      if (exitCode !== 0 || answers.length < units.length)
        return 'systemd does not say whether it has read the units';
      return undefined;
    },
    apply: async () => {
      await runChecked(['systemctl', 'daemon-reload']);
    },
  };
}

/** Where systemd puts the links of units that start at boot, as ours do. */
const WANTS = '/etc/systemd/system/multi-user.target.wants';

/** The unit starts at boot. */
export function enabledItem(unit: string): ManagedItem {
  return {
    name: `${unit} enabled`,
    check: async () => {
      const result = await runCommand(['systemctl', 'is-enabled', unit]);
      return result.stdout.trim() === 'enabled'
        ? undefined
        : `is ${result.stdout.trim() || 'unknown to systemd'}`;
    },
    apply: async () => {
      await runChecked(['systemctl', 'enable', '--quiet', unit]);
      // A power cut must not take its link: that start counts.
      for (const directory of [WANTS, dirname(WANTS)]) await syncToDisk(directory);
    },
  };
}
