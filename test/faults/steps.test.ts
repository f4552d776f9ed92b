import { expect, test } from 'vitest';
import { rollbackSteps } from '../../src/convocate-host/flows/rollback.ts';
import { UPDATE } from '../../src/convocate-host/flows/update.ts';
import type { Step } from '../../src/convocate-host/rollout.ts';
import { chooseRelease } from '../../src/convocate-host/steps/choose-release.ts';
import { STEPS } from './steps.ts';

/** Steps that a rollout between two whole releases passes over, or that end where they begin. */
const passedOver = [
  /earlier rollout/,
  /checking that it can/,
  /checking the files/,
  /stay on an older image/,
];
const titlesOf = (steps: readonly Step[]): string[] =>
  steps.map(({ title }) => title).filter((title) => !passedOver.some((words) => words.test(title)));

test('a fault strikes at every step that the flows have, by their own titles', () => {
  expect(STEPS.update.map(({ title }) => title)).toEqual(titlesOf(UPDATE));
  expect(STEPS.rollback.map(({ title }) => title)).toEqual(titlesOf(rollbackSteps(chooseRelease(undefined))));
});
