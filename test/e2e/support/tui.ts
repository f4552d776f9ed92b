// An operator in the terminal UI: `convocate` in a tmux window on the shell host, as user claude.
import type { Machine } from '../../../lab/machine.ts';
import { Terminal } from './terminal.ts';

export interface TuiOptions {
  /** Tells this terminal from others on the machine. */
  readonly name: string;
  readonly cols?: number;
  readonly rows?: number;
}

export class Tui implements AsyncDisposable {
  readonly terminal: Terminal;

  private constructor(terminal: Terminal) {
    this.terminal = terminal;
  }

  static async open(shell: Machine, { name, cols = 100, rows = 30 }: TuiOptions): Promise<Tui> {
    const argv = ['runuser', '-u', 'claude', '--', 'convocate'];
    const tui = new Tui(await Terminal.open(shell, { name, argv, cols, rows }));
    await tui.shows(/sessions? /);
    return tui;
  }

  async shows(pattern: RegExp, timeoutMs?: number): Promise<RegExpExecArray> {
    return await this.terminal.waitFor(pattern, timeoutMs);
  }

  /** Keys by tmux's names, one after the other. */
  async press(...keys: readonly string[]): Promise<void> {
    await this.terminal.type('', ...keys);
  }

  async type(text: string, ...keys: readonly string[]): Promise<void> {
    await this.terminal.type(text, ...keys);
  }

  /** Leaves only this session in the list, with the cursor on it. */
  async choose(name: string): Promise<void> {
    await this.press('Escape', 'Escape');
    await this.press('/');
    await this.type(name, 'Enter');
    await this.shows(new RegExp(`${name} [^]*\\n +1/1 `));
  }

  /** The line of the list that tells of this session. */
  async row(name: string): Promise<string> {
    return (await this.shows(new RegExp(`^.*\\b${name} .*$`, 'm')))[0];
  }

  /** Waits for the state letter in a session's row, such as `R`, `C1` or `-`. */
  async showsState(name: string, letter: string, timeoutMs?: number): Promise<void> {
    const escaped = letter.replaceAll(/[-?]/g, String.raw`\$&`);
    await this.shows(new RegExp(`^ \\S ${escaped} +${name} `, 'm'), timeoutMs);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.terminal.close();
  }
}
