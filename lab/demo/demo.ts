// `make demo`: a cluster is set up, and a new release rolled over it while real sessions work. It asks nothing, shows
// only what it runs, and ends with an error if anything it says is not so.
import { parseArgs } from 'node:util';
import { Presenter } from './presenter.ts';
import { runDemo } from './run-demo.ts';
import { bootMachines } from './scenes/boot-machines.ts';
import { closing } from './scenes/closing.ts';
import { compare } from './scenes/compare.ts';
import { cutOver } from './scenes/cut-over.ts';
import { initAgents } from './scenes/init-agents.ts';
import { installNextRelease } from './scenes/install-next-release.ts';
import { installRelease } from './scenes/install-release.ts';
import { preview } from './scenes/preview.ts';
import { rollOut } from './scenes/roll-out.ts';
import { startSessions } from './scenes/start-sessions.ts';

const scenes = [
  bootMachines,
  installRelease,
  initAgents,
  startSessions,
  installNextRelease,
  preview,
  rollOut,
  compare,
  cutOver,
  closing,
];

const { values } = parseArgs({ options: { keep: { type: 'boolean', default: false } } });
process.exitCode = await runDemo(scenes, new Presenter(process.stdout, process.env), values);
