import { expect, test } from 'vitest';
import { planWith, runStep } from '../rollout-fixture.ts';
import { warnSessionsOnOldImage } from './warn-sessions.ts';

test('sessions on an older image are named, and no call is made', async () => {
  const plan = planWith({ warnings: ['session a runs on v1'] });
  const { said } = await runStep(warnSessionsOnOldImage, [], plan);
  expect(said).toEqual(['warn session a runs on v1']);
});
