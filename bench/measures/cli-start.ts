// How long an operator waits for the smallest command there is.
import { place } from '../cluster/on-machine.ts';
import { type Measure, median, rounded, spread } from '../result.ts';

export const cliStart: Measure = {
  part: 'cli',
  needsFullImage: false,
  run: async (cluster, times) => {
    const runs = times(20);
    const { shell } = cluster;
    const node = await cluster.nodeOnShell();
    const program = await place(shell, 'time-commands.ts');
    const commands = {
      version: ['convocate', 'version'],
      empty: [node, '-e', '0'],
      docker: ['docker', '--version'],
    };
    const argv = [
      node,
      program,
      String(runs),
      ...Object.values(commands).map((command) => JSON.stringify(command)),
    ];
    const { stdout } = await shell.run(argv, { user: 'claude' });
    const taken = JSON.parse(stdout) as Record<string, number[]>;
    const of = (command: readonly string[]): number[] => taken[JSON.stringify(command)] ?? [];
    const version = of(commands.version);
    return [
      {
        name: 'cli.version_ms',
        value: rounded(median(version)),
        unit: 'ms',
        runs,
        note:
          `\`convocate version\`, ${spread(version, 0)} ms; in turn with \`node -e 0\` of the same Node, ` +
          `${median(of(commands.empty)).toFixed(0)} ms, and \`docker --version\`, ${median(of(commands.docker)).toFixed(0)} ms`,
      },
    ];
  },
};
