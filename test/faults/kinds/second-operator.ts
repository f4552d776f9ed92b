import { runRollout } from '../../e2e/support/rollout-run.ts';
import type { Fault } from '../fault.ts';

/** Someone else wants the same, at the same moment. */
export const secondOperator: Fault = {
  name: 'second-operator',
  strike: ({ site, verb, target }) => {
    const words = verb === 'rollback' ? ['--to', target] : [];
    const second = runRollout(site.shell, verb, site.host, '--confirm-timeout', '20s', ...words);
    second.catch(() => undefined); // whoever waits for it hears of it
    return Promise.resolve({ second });
  },
};
