import { OperationError } from '../../base/errors.ts';
import type { AgentRecord } from '../../cluster/registry.ts';
import type { ExpectedCall } from '../../host-access/fake-host.ts';
import { AGENT_HOST } from '../../protocol/host-layout.ts';
import type { RolledBack } from '../../protocol/rpc.ts';
import { type Line, factsLines } from '../facts-fixture.ts';
import { scriptArgv } from '../host-scripts.ts';
import { READ_ROLLOUT } from '../look-scripts.ts';
import { planWith } from '../rollout-fixture.ts';
import type { Rollout } from '../rollout.ts';

const { libDir, stateDir, unit } = AGENT_HOST;
const READ = scriptArgv(READ_ROLLOUT, libDir, stateDir, unit);
export const RETURNED: RolledBack = {
  from: 'v2',
  to: 'v1',
  reason: 'it is mute',
  at: '2026-01-02T03:04:05.678Z',
};
/** It could not be taken back. */
export const STUCK: RolledBack = { ...RETURNED, to: 'v2' };
export const record: AgentRecord = {
  agentId: 'abcd1234',
  host: 'agent-a',
  address: '10.0.0.2',
  port: 222,
  registeredAt: '2026-01-01T00:00:00Z',
};

const b64 = (text: string): string => Buffer.from(text).toString('base64');
/** The host is asked where the rollout stands, and says that. */
const look = (...lines: Line[]): ExpectedCall => ({
  argv: READ,
  answer: { stdout: factsLines([...lines, ['told', 'all']]) },
});
/** The record of a rollout from v1 to v2, as the host told it. */
export const OPEN_RECORD: Line = [
  'rollout',
  b64('{"rollout":3,"from":"v1","to":"v2","previous":null,"deadline_s":160.25,"window_s":60}'),
];
export const open: ExpectedCall = look(OPEN_RECORD);
export const damaged: ExpectedCall = look(['rollout', b64('{"rollout":3,"fro')]);
export const settled: ExpectedCall = look();
/** Nothing is open there; these are the release by its link, and the one that its service runs. */
export const serving = (live: string, running?: string): ExpectedCall =>
  look(
    ['current', `${libDir}/releases/${live}`],
    ...(running === undefined ? [] : [['running', `${libDir}/releases/${running}/runtime/node`] as const]),
  );
export const wentBack = (returned = RETURNED): ExpectedCall =>
  look(['rolled_back', b64(JSON.stringify(returned))]);
export const cut: ExpectedCall = { argv: READ, answer: new OperationError('no route to host') };
/** The watcher is asked, and answers that. */
export const ask = (verb: readonly string[], ending: object): ExpectedCall => ({
  argv: ['/usr/local/lib/convocate/way-back/convocate-agent', ...verb, '--rollout', '1'],
  answer: { stdout: JSON.stringify(ending) },
});
export const goBack = (reason: string, ending: object): ExpectedCall =>
  ask(['go-back', '--reason', reason], ending);
/** It cannot do that. */
export const failing = (call: ExpectedCall, exitCode: number, stderr: string): ExpectedCall => ({
  ...call,
  answer: { exitCode, stderr },
});

const options = { soakMs: 0, confirmMs: 60_000 };
/** An update from v1 to v2, before it is armed and after. */
export const fromV1 = { ...planWith({ fromVersion: 'v1' }), options, record };

export const armed = (changes: Partial<Rollout> = {}) => ({
  ...fromV1,
  deadMan: { from: 'v1', deadline: performance.now() + 60_000 },
  ...changes,
});
