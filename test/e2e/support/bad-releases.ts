// Releases that are broken in the ways releases are: each builds, installs and looks whole until it has to serve.
import { buildTree, type TreeOptions } from '../../../lab/trees.ts';

const serve = 'src/convocate-agent/commands/serve.ts';

const breakages = {
  'exits at its start': { appended: { [serve]: '\nprocess.exit(1);\n' } },
  'hangs at its start': {
    appended: { [serve]: '\nawait new Promise(() => setInterval(() => {}, 1_000_000));\n' },
  },
  'ends after a while': { appended: { [serve]: '\nsetTimeout(() => process.exit(1), 20_000);\n' } },
  'answers with another version': {
    replaced: {
      'src/convocate-agent/rpc/operations.ts': ['version: identity.version', "version: 'v0.0.0-other'"],
    },
  },
  'does not find its shell host': {
    appended: {
      'src/convocate-agent/status/shell-host.ts': '\nreadShellHost = () => Promise.resolve(undefined);\n',
    },
  },
  'cannot start a session': {
    replaced: {
      'image/rootfs/usr/local/lib/convocate-session/entrypoint': ['set -u\n', 'set -u\nexit 7\n'],
    },
  },
} satisfies Record<string, Omit<TreeOptions, 'version'>>;

export type Breakage = keyof typeof breakages;

export async function buildBadRelease(version: string, breakage: Breakage): Promise<string> {
  return await buildTree({ version, ...breakages[breakage] });
}
