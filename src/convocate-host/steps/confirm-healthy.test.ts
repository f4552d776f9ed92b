import { describe, expect, test } from 'vitest';
import { expectSameContainers } from './confirm-healthy.ts';

describe('the same containers', () => {
  const one = {
    id: 'c1',
    name: 'one',
    image: 'convocate:v1',
    imageId: 'sha256:x',
    startedAt: 'then',
    running: true,
  };
  test('may have become more, and one that had stopped may run again', () => {
    const stopped = { ...one, id: 'c2', running: false };
    expect(() =>
      expectSameContainers(
        'agent-a',
        [one, stopped],
        [{ ...stopped, running: true }, one, { ...one, id: 'c3' }],
      ),
    ).not.toThrow();
  });

  test.each([
    ['gone', []],
    ['stopped', [{ ...one, running: false }]],
    ['started anew', [{ ...one, startedAt: 'now' }]],
    ['on another image', [{ ...one, imageId: 'sha256:y' }]],
    ['another of the same name', [{ ...one, id: 'c9' }]],
  ])('are not one that is %s', (_how, after) => {
    expect(() => expectSameContainers('agent-a', [one], after)).toThrow(
      expect.objectContaining({
        details: expect.objectContaining({ host: 'agent-a', output: 'one' }) as unknown,
      }) as Error,
    );
  });
});
