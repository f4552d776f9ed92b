// A session's screen as `convocate attach` shows it: attaches for real, lets tmux tell what is drawn, and detaches.
import { pollUntil } from '../../src/base/deadline.ts';
import { exitOf } from '../run-command.ts';
import { DemoFailed } from './demo-failed.ts';
import type { Story } from './story.ts';
import { plain } from './text-layout.ts';
import { type SessionSeen, ask } from './what-is-there.ts';

const columns = 92;
const detach = '\u0002d';

export interface ScreenOptions {
  readonly rows?: number;
  /** What has to be there before the picture is taken. */
  readonly shows: RegExp;
  /** Shown above the frame, such as "payments on agent-a". */
  readonly title: string;
}

/** Shows the screen, and gives all that was drawn on the terminal meanwhile. */
export async function lookAtScreen(
  story: Story,
  session: SessionSeen,
  { rows = 18, shows, title }: ScreenOptions,
): Promise<string> {
  const lab = story.get('lab');
  const command = `convocate attach ${session.name}`;
  story.show.prompt('claude', lab.shell.hostname, command);
  const terminal = `stty cols ${columns} rows ${rows}; exec ${command}`;
  const attach = lab.shell.spawn(['bash', '-c', terminal], { user: 'claude', cwd: '/', tty: true });
  const ended = exitOf(attach);
  // It draws the screen here as well, and would stop if nobody took it.
  let drawn = '';
  attach.stdout?.on('data', (chunk: Buffer) => (drawn += chunk.toString()));
  attach.stderr?.resume();
  try {
    const screen = await pollUntil(
      async () => {
        if (attach.exitCode !== null)
          throw new DemoFailed(`${command} stays attached`, plain(drawn).slice(-1000));
        const tmux = await askTmux(
          story,
          session,
          'display-message',
          '-p',
          '#{client_width}x#{client_height}',
        );
        if (tmux.trim() !== `${columns}x${rows}`) return undefined;
        const lines = (await askTmux(story, session, 'capture-pane', '-p', '-e')).split('\n').slice(0, -1);
        return shows.test(lines.map(plain).join('\n')) ? lines : undefined;
      },
      { timeoutMs: 90_000, intervalMs: 100, what: `the screen of ${session.name} shows ${String(shows)}` },
    );
    const status = await statusLine(story, session);
    story.show.screen(title, status === '' ? screen : [...screen, status], columns);
    return plain(drawn);
  } finally {
    attach.stdin?.end(detach);
    await ended;
  }
}

/** tmux draws its own line for whoever is attached; a capture holds the program's screen only. */
async function statusLine(story: Story, session: SessionSeen): Promise<string> {
  const format = '#{?#{==:#{status},on},#{T:status-left}|#{T:status-right},}';
  const text = (await askTmux(story, session, 'display-message', '-p', format)).replace(/\n$/, '');
  if (text === '') return '';
  const [left = '', right = ''] = text.split('|');
  return `\u001b[48;5;24;97m${left}${' '.repeat(Math.max(0, columns - left.length - right.length))}${right}\u001b[0m`;
}

function askTmux(story: Story, session: SessionSeen, ...command: readonly string[]): Promise<string> {
  const inside = ['docker', 'exec', '--user=claude', session.containerId];
  const tmux = ['tmux', '-u', '-S', '/run/convocate-session/tmux.sock'];
  return ask(story.get('lab').machine(session.host), [...inside, ...tmux, ...command]);
}
