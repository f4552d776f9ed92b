// The two releases of the demo: the sources as they stand, and the same with a change that can be seen.
import type { TreeOptions } from '../trees.ts';

export const oldRelease: TreeOptions = { version: 'v1.0.0' };

export const newRelease: TreeOptions = {
  version: 'v1.1.0',
  appended: {
    'image/rootfs/etc/convocate-session/tmux.conf': `
# New in v1.1.0: a line at the bottom of every session says where it runs.
set -g status on
set -g status-style 'bg=colour24,fg=colour255'
set -g status-left ' #H '
set -g status-left-length 40
setw -g window-status-format ''
setw -g window-status-current-format ''
set -g status-right ' convocate v1.1.0 '
`,
    'src/convocate-agent/main.ts': `\nprocess.env['CONVOCATE_DEMO'] = 'v1.1.0';\n`,
  },
};

export function imageOf({ version }: TreeOptions): string {
  return `convocate:${version}`;
}
