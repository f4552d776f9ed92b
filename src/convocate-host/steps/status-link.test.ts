import { beforeEach, expect, test, vi } from 'vitest';
import { ShellClient } from '../../cluster/shell-client.ts';
import { fakeHost } from '../../host-access/fake-host.ts';
import type { AgentView } from '../../protocol/shell-socket.ts';
import { planWith, rolloutOn, type ToldRollout } from '../rollout-fixture.ts';
import { record } from './dead-man-fixture.ts';
import { expectStatusLink, expectStatusLinkStill } from './status-link.ts';

type Link = NonNullable<AgentView['status_link']>;
const agents = vi.spyOn(ShellClient.prototype, 'agents');
beforeEach(() => void agents.mockReset());

/** What the status service knows of our agent, look by look; undefined where it does not answer. */
function sees(...links: (Link | undefined)[]): void {
  for (const status_link of links)
    agents.mockImplementationOnce(() =>
      status_link
        ? Promise.resolve([{ agent_id: record.agentId, status_link } as AgentView])
        : Promise.reject(new Error('no socket')),
    );
}
const old: Link = { up: true, since: '2026-01-01T00:00:00.000Z', version: 'v1' };
const back: Link = { up: true, since: '2026-01-01T00:01:00.000Z', version: 'v2' };
const rollout = (before: Link | undefined = old, restart = true): ToldRollout =>
  rolloutOn(fakeHost('agent-a', []), {
    ...planWith({ restart }),
    record,
    ...(before && { statusLinkBefore: before }),
  });

test('the link is waited for until it is that of the new program', async () => {
  sees(undefined, old, { ...old, up: false }, back);
  await expectStatusLink(rollout(), 30_000);
  expect(agents).toHaveBeenCalledTimes(4);
});

test('one that came anew is back also where the clock here was set back meanwhile', async () => {
  sees({ ...back, since: '2025-12-31T23:00:00.000Z' });
  await expectStatusLink(rollout(), 0);
});

test.each([
  ['the one it was', { ...old, version: 'v2' }],
  [
    'one to a service that began anew since, which an agent of an earlier release tells no version',
    { ...back, version: '' },
  ],
])('where nothing is restarted, %s will do', async (_what, link) => {
  sees(link);
  await expectStatusLink(rollout({ ...old, version: 'v2' }, false), 0);
});

test.each([
  ['of another version', old, false],
  ['of no version, after a restart', { ...back, version: '' }, true],
  ['not up', { ...back, up: false }, false],
])('one that is %s will not', async (_what, link, restart) => {
  sees(link);
  await expect(expectStatusLink(rollout(old, restart), 0)).rejects.toThrow('did not come');
});

test('one that does not come is told', async () => {
  sees(old);
  await expect(expectStatusLink(rollout(), 0)).rejects.toMatchObject({
    message: "the new program's status link to this shell host's 223 did not come",
    details: { host: 'agent-a' },
  });
});

test('one that was down before is a warning, and is not looked at again', async () => {
  const told = rollout({ ...old, up: false });
  await expectStatusLink(told, 0);
  await expectStatusLinkStill(told, 0);
  expect(told.said).toEqual([expect.stringContaining('warn its status link')]);
  expect(agents).not.toHaveBeenCalled();
});

test.each([
  ['is up', [back]],
  ['cannot be asked for', [undefined]],
  ['comes back in time', [{ ...back, up: false }, back]],
])('at the end of the soak, one that %s is no reason to fail', async (_how, links) => {
  sees(...links);
  await expectStatusLinkStill(rollout(), 30_000);
  expect(agents).toHaveBeenCalledTimes(links.length);
});

test('at the end of the soak, one that was lost again is', async () => {
  sees({ ...back, up: false });
  await expect(expectStatusLinkStill(rollout(), 0)).rejects.toThrow('came, and was lost again');
});
