// An attach on real machines through a partition, and through the death of each program on the way.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { pollUntil } from '../../src/base/deadline.ts';
import { containerNameOf } from '../../src/protocol/host-layout.ts';
import type { SessionView } from '../../src/protocol/shell-socket.ts';
import type { Lab } from '../../lab/lab.ts';
import type { Machine } from '../../lab/machine.ts';
import { openAttached } from './support/attached-terminal.ts';
import { freshCluster } from './support/fresh-lab.ts';
import { buildRelease } from './support/releases.ts';
import { listedSession, newSession, waitUntilShellSees } from './support/sessions.ts';
import { Terminal } from './support/terminal.ts';

const labName = 'attach-test';
const size = { cols: 120, rows: 40 };

/** From the first line that it is told prints numbered rows, up to a hundred a second, and what it is told; at "stop" it says how many rows there were. */
const program = `#!/bin/bash
rows() {
  for ((row = 1; ; row += 1)); do
    printf 'row %06d of some heavy output, as a build prints it\\n' "$row"
    sleep 0.01
    [[ -e /tmp/stop ]] && break
  done
  echo "stopped after $row rows"
}
rm -f /tmp/stop
echo ready
read -r
rows &
while read -r line; do
  echo "heard $line"
  [[ $line == stop ]] && touch /tmp/stop
done
`;

let lab: Lab;
let shell: Machine;
let agent: Machine;

beforeAll(async () => {
  const tree = await buildRelease({ version: 'v0.9.10' });
  lab = await freshCluster({ name: labName, agents: 1, tree });
  shell = lab.shell;
  agent = lab.agent(0);
  await agent.writeFile('/usr/local/bin/claude', program, { mode: '0755' });
  await waitUntilShellSees(shell, ['agent-a']);
}, 15 * 60_000);

afterAll(() => lab?.close());

interface Attached extends AsyncDisposable {
  readonly id: string;
  readonly terminal: Terminal;
  /** Every byte that the operator's terminal was sent. */
  readonly recording: string;
}

async function attach(name: string): Promise<Attached> {
  const id = await newSession(shell, 'agent-a', name);
  const recording = `/tmp/${name}.recording`;
  const argv = ['script', '--quiet', '--flush', '--return', '--command', `convocate attach ${id}`, recording];
  const terminal = await Terminal.open(shell, { name, argv, ...size });
  await terminal.waitFor(/ready/);
  await terminal.type('go', 'Enter');
  await terminal.waitFor(/row \d{6}/);
  return { id, terminal, recording, [Symbol.asyncDispose]: () => terminal.close() };
}

/** Stops the program and compares what came with what it printed, and the screen with the one that tmux holds. */
async function expectWhole({ id, terminal, recording }: Attached): Promise<void> {
  await terminal.type('stop', 'Enter');
  const [, rows] = await terminal.waitFor(/stopped after (\d+) rows/);
  const seen = [...(await shell.readFile(recording)).matchAll(/row (\d{6}) of some heavy output/g)].map(
    ([, row]) => Number(row),
  );
  // A redraw shows rows again; each must have come for the first time in its turn.
  let expected = 1;
  for (const row of seen) if (row >= expected) expect(row).toBe(expected++);
  expect(expected - 1).toBe(Number(rows));

  const capture = [
    'tmux',
    '-S',
    '/run/convocate-session/tmux.sock',
    'capture-pane',
    '-p',
    '-J',
    '-t',
    'session',
  ];
  const truth = await agent.run(['docker', 'exec', '--user', 'claude', containerNameOf(id), ...capture]);
  // A redraw paints blanks where the first drawing left nothing: nobody sees a difference.
  const asSeen = (text: string): string => text.replace(/ +$/gm, '');
  const screen = async (): Promise<string> => asSeen(await terminal.screen());
  await expect.poll(screen, { timeout: 10_000 }).toBe(asSeen(truth.stdout));
}

test('a partition of 30 s during output: every row, every key, and the same screen', async () => {
  await using attached = await attach('partition');
  const { terminal } = attached;
  await terminal.type('before', 'Enter');
  await terminal.waitFor(/heard before/);
  await agent.partition();
  try {
    await terminal.waitFor(/connection to partition on agent-a lost, trying again/, 20_000);
    await terminal.type('during the partition', 'Enter');
    await terminal.waitFor(/trying again · (1[89]|2\d) s/, 40_000); // silence was found after 12 s
  } finally {
    await agent.rejoin();
  }
  await heard(attached, 'during the partition');
  await expectWhole(attached);
});

test('the status service is killed: the attach goes on where it was', async () => {
  await using attached = await attach('service');
  await shell.run(['systemctl', 'kill', '--signal=KILL', 'convocate-status.service']);
  await attached.terminal.type('after the kill', 'Enter');
  await heard(attached, 'after the kill');
  await expectWhole(attached);
});

test('the terminal is closed: the program in the session goes on, and nobody counts as attached', async () => {
  // Not with `script` in between, which types a Ctrl-D as its own terminal goes.
  const id = await newSession(shell, 'agent-a', 'closed');
  const terminal = await openAttached(shell, 'closed', id);
  await terminal.waitFor(/ready/);
  await terminal.type('go', 'Enter');
  await terminal.waitFor(/row \d{6}/);
  const seen = (): Promise<SessionView | undefined> => listedSession(shell, id);
  await expect.poll(async () => (await seen())?.attached, { timeout: 15_000 }).toBe(1);
  const before = await seen();
  await terminal.close();
  await expect.poll(async () => (await seen())?.attached, { timeout: 15_000 }).toBe(0);
  await expect
    .poll(async () => (await shell.exec(['pgrep', '-f', `[a]ttach ${id}`])).exitCode, { timeout: 15_000 })
    .toBe(1);
  await using again = await openAttached(shell, 'again', id);
  await again.waitFor(/row \d{6}/);
  await again.type('stop', 'Enter');
  await again.waitFor(/stopped after \d+ rows/);
  expect((await seen())?.started_at).toBe(before?.started_at);
});

test('the agent is killed: a new terminal on the same session, and no key lost', async () => {
  await using attached = await attach('agent');
  const { terminal, recording } = attached;
  await agent.run(['systemctl', 'kill', '--signal=KILL', 'convocate-agent.service']);
  await terminal.waitFor(/lost, trying again/);
  await terminal.type('after the kill', 'Enter');
  await heard(attached, 'after the kill');
  expect((await shell.readFile(recording)).split('heard after the kill').length).toBeGreaterThanOrEqual(2);
  await terminal.type('', 'C-b');
  await terminal.type('d');
  await terminal.waitFor(/left agent \(.*\) on agent-a; it goes on running/s);
  await terminal.waitFor(/ended: 0/);
});

async function heard({ recording }: Attached, text: string): Promise<void> {
  const look = async (): Promise<true | undefined> =>
    (await shell.readFile(recording)).includes(`heard ${text}`) ? true : undefined;
  await pollUntil(look, { timeoutMs: 60_000, intervalMs: 200, what: text });
}
