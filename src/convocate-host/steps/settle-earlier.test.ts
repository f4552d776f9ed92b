import { describe, expect, test } from 'vitest';
import { DeadlineError } from '../../base/deadline.ts';
import { OperationError } from '../../base/errors.ts';
import { type ExpectedCall, fakeHost } from '../../host-access/fake-host.ts';
import { AGENT_HOST } from '../../protocol/host-layout.ts';
import { CLOSE_ROLLOUT, scriptArgv } from '../host-scripts.ts';
import { healthy } from '../plan-fixture.ts';
import { rolloutOn, runStep, type ToldRollout } from '../rollout-fixture.ts';
import type { Rollout, Step } from '../rollout.ts';
import { RETURNED, STUCK, failing, goBack } from './dead-man-fixture.ts';
import { settleEarlier } from './settle-earlier.ts';

const { rolloutDir, deadManUnit, wayBackLink } = AGENT_HOST;
const lookAgain: Step = { title: '', run: async ({ reporter }) => reporter.note('looked again') };
const goBackNow = (answer: object): ExpectedCall =>
  goBack('another rollout began before it was confirmed', answer);
const unable = (exitCode: number, stderr: string): ExpectedCall => failing(goBackNow({}), exitCode, stderr);
const version = (answer: ExpectedCall['answer'] & object): ExpectedCall => ({
  argv: [`${wayBackLink}/convocate-agent`, 'version'],
  answer,
});
const close: ExpectedCall = { argv: scriptArgv(CLOSE_ROLLOUT, rolloutDir, deadManUnit) };
const OPEN: Partial<Rollout> = { facts: { ...healthy, openRollout: { from: 'v1', to: 'v2' } } };
const DAMAGED: Partial<Rollout> = { facts: { ...healthy, damagedRollout: true } };
const settle = (script: readonly ExpectedCall[], on = OPEN): Promise<ToldRollout> =>
  runStep(settleEarlier(lookAgain), script, on);
const closedBecause = (why: string): string[] => [
  `warn it could not be taken back, and was closed: ${why}. The host has no way back from v2; what lay open is kept in ${rolloutDir}, as *.json.closed`,
  'note looked again',
];

test.each([
  [{ ending: 'rolled_back', rolled_back: RETURNED }, ['note went back from v2 to v1', 'note looked again']],
  [{ ending: 'none' }, ['note looked again']],
  [{ ending: 'none', rolled_back: STUCK }, ['warn it stays: it is mute', 'note looked again']],
])('is taken back with our number, and the host looked at again: %j', async (answer, words) => {
  const { said } = await settle([goBackNow(answer)]);
  expect(said).toEqual(words);
});

describe('one that a program could take back, and did not, ends ours with nothing looked at:', () => {
  test.each([
    ['it runs', unable(1, 'error: no'), version({ stdout: 'v1\n' })],
    ['it was killed', unable(128 + 9, ''), version({ exitCode: 128 + 9 })],
  ])('%s', async (_what, ...script) => {
    await expect(settle(script)).rejects.toThrow('convocate-agent failed');
  });

  test.each([
    ['is away', new OperationError('no route to host')],
    ['did not come to its end', new DeadlineError('convocate-agent', 90_000)],
  ])('the host %s', async (_what, answer) => {
    const away = { ...version({}), answer: new OperationError('no route to host') };
    await expect(settle([{ ...goBackNow({}), answer }, away])).rejects.toThrow('no route to host');
  });

  test.each([
    ['and so was the next question', { exitCode: 128 + 9 }],
    ['and runs', { stdout: 'v1\n' }],
  ])('it was killed, and its record is damaged, %s', async (_what, answer) => {
    const script = [unable(128 + 9, ''), version(answer)];
    await expect(settle(script, DAMAGED)).rejects.toThrow('convocate-agent failed');
  });

  test('the host is away, and its record is damaged', async () => {
    const answer = new OperationError('no route to host');
    const away = { ...version({}), answer };
    await expect(settle([{ ...goBackNow({}), answer }, away], DAMAGED)).rejects.toThrow('no route to host');
  });
});

describe('is closed, and the host looked at again,', () => {
  const mute = (words: string): string =>
    `the program that would take it back does not run (${wayBackLink}/convocate-agent: ${words})`;

  test.each([
    ['is gone', unable(127, ''), version({ exitCode: 127, stderr: 'not found' }), mute('not found')],
    ['crashes', unable(139, ''), version({ exitCode: 139 }), mute('exit 139')],
    ['says nothing', goBackNow({}), version({}), mute('it ends without an answer')],
    ['is another', unable(1, ''), version({ stdout: 'v0\n' }), mute('it ends without an answer')],
  ])('where the program that would take it back %s', async (_what, asked, answer, why) => {
    const { said } = await settle([asked, answer, close]);
    expect(said).toEqual(closedBecause(why));
  });

  test('where its record is damaged', async () => {
    const { said } = await settle([unable(1, 'error: armed.json is damaged'), close], DAMAGED);
    expect(said).toEqual(closedBecause(`the record of an open rollout in ${rolloutDir} is damaged`));
  });

  test('and is not, where closing it fails', async () => {
    await expect(settle([unable(1, ''), failing(close, 1, 'no')], DAMAGED)).rejects.toThrow('sh failed');
  });
});

test('is nothing to do where there is none', () => {
  const on = ({ facts }: Partial<Rollout>): boolean | undefined =>
    settleEarlier(lookAgain).isDone?.(rolloutOn(fakeHost('agent-a', []), facts && { facts }));
  expect([on({ facts: healthy }), on(OPEN), on(DAMAGED)]).toEqual([true, false, false]);
});
