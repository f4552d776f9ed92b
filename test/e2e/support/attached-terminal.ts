// An operator who sits in a session: `convocate attach` in a tmux on the shell host, as user claude.
import { pollUntil } from '../../../src/base/deadline.ts';
import type { Machine } from '../../../lab/machine.ts';

// The tmux here runs a line of several commands, which the account's own login shell would not.
const env = { LANG: 'C.UTF-8', TERM: 'xterm-256color', SHELL: '/bin/sh' };
const asClaude = { user: 'claude', env } as const;

export class AttachedTerminal implements AsyncDisposable {
  readonly #shell: Machine;
  readonly #tmux: readonly string[];

  private constructor(shell: Machine, name: string) {
    this.#shell = shell;
    this.#tmux = ['tmux', '-L', name];
  }

  /** `name` tells this terminal from others on the machine. */
  static async open(shell: Machine, name: string, sessionId: string): Promise<AttachedTerminal> {
    const terminal = new AttachedTerminal(shell, name);
    // The shell behind it keeps the window open, so that what `attach` said last can be read.
    const line = `convocate attach ${sessionId}; echo "attach ended: $?"; exec cat`;
    const window = ['new-session', '-d', '-x', '120', '-y', '40', 'sh', '-c', line];
    await shell.run([...terminal.#tmux, ...window], asClaude);
    return terminal;
  }

  async screen(): Promise<string> {
    return (await this.#shell.run([...this.#tmux, 'capture-pane', '-p'], asClaude)).stdout;
  }

  async waitFor(pattern: RegExp, timeoutMs = 20_000): Promise<RegExpExecArray> {
    let last = '';
    try {
      return await pollUntil(
        async () => {
          last = await this.screen();
          return pattern.exec(last) ?? undefined;
        },
        { timeoutMs, intervalMs: 100, what: `${String(pattern)} on the screen` },
      );
    } catch (cause) {
      throw new Error(`${String(pattern)} did not come up on the screen:\n${last}`, { cause });
    }
  }

  async type(line: string): Promise<void> {
    await this.#shell.run([...this.#tmux, 'send-keys', line, 'Enter'], asClaude);
  }

  async close(): Promise<void> {
    await this.#shell.exec([...this.#tmux, 'kill-server'], asClaude);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
