// An agent as a process of its own, so that it can be killed. Its argument is JSON; it prints its port.
import { pino } from 'pino';
import { serveAgent } from '../../../src/convocate-agent/serve.ts';
import type { AgentPaths } from '../../../src/convocate-agent/sessions/paths.ts';

const { paths, skelDirs } = JSON.parse(process.argv[2] ?? '') as { paths: AgentPaths; skelDirs: string[] };
const served = await serveAgent({
  version: 'v0-test',
  rolledBack: () => Promise.resolve(undefined),
  imageTag: () => 'convocate:v0-test',
  skelDirs,
  log: pino({ enabled: false }),
  address: '127.0.0.1',
  port: 0,
  cgroupParent: '',
  paths,
});
console.log(served.port);
