import { expect, test } from 'vitest';
import { explanation } from './explain.ts';
import { ScriptedService, sessionView } from './scripted-service-fixture.ts';

const answer = {
  activity: { state: 'waiting', since: '2026-01-02T23:57:00Z', detail: 'permission to use Bash' },
  evidence: [
    { source: 'hook', says: 'Notification: may I\u001b[2J?', at: '2026-01-02T23:57:00Z', counts: true },
    { source: 'terminal', says: 'quiet', counts: false },
  ],
} as const;

test('the state, then what was looked at; what decided is marked', () => {
  expect(explanation(answer, Date.parse('2026-01-03T00:00:00Z'))).toEqual([
    'waiting for 3m: permission to use Bash',
    '  * hook      Notification: may I\u{fffd}[2J? (3m ago)',
    '    terminal  quiet',
    '  * decided',
  ]);
});

test('is asked of the session that was named, and JSON holds the answer', async () => {
  await using service = await ScriptedService.start();
  service.answers.set('explain', () => answer);
  const { stdout } = await service.run('explain', 'api');
  expect(stdout).toMatch(/^api \(11111111-.*\) on one\nwaiting for \d+d: permission to use Bash\n/);
  expect(JSON.parse((await service.run('explain', 'api', '--json')).stdout)).toEqual(answer);
  expect(service.calls[0]).toEqual({ op: 'explain', params: { id: sessionView().uuid } });
});
