// A person at a terminal of the shell host: one program in a tmux window, with its screen read and keys typed.
import { pollUntil } from '../../../src/base/deadline.ts';
import type { Machine } from '../../../lab/machine.ts';

const environment = { LANG: 'C.UTF-8', TERM: 'xterm-256color' };

export interface TerminalOptions {
  /** Tells this terminal from others on the machine. */
  readonly name: string;
  readonly argv: readonly string[];
  readonly cols?: number;
  readonly rows?: number;
}

export class Terminal implements AsyncDisposable {
  readonly #machine: Machine;
  readonly #tmux: readonly string[];

  private constructor(machine: Machine, name: string) {
    this.#machine = machine;
    this.#tmux = ['tmux', '-L', name];
  }

  /** Runs the argv as root; when it ends, "ended: <exit code>" is on the screen. */
  static async open(
    machine: Machine,
    { name, argv, cols = 160, rows = 50 }: TerminalOptions,
  ): Promise<Terminal> {
    const terminal = new Terminal(machine, name);
    const size = ['-x', String(cols), '-y', String(rows)];
    // The window outlives the program, so that what it said last can be read.
    const keepOpen = '"$@"; echo "ended: $?"; exec cat';
    await terminal.#run('new-session', '-d', ...size, 'sh', '-c', keepOpen, 'sh', ...argv);
    return terminal;
  }

  async screen(): Promise<string> {
    return await this.#run('capture-pane', '-p', '-J');
  }

  async waitFor(pattern: RegExp, timeoutMs = 30_000): Promise<RegExpExecArray> {
    let last = '';
    const look = async (): Promise<RegExpExecArray | undefined> => {
      last = await this.screen();
      return pattern.exec(last) ?? undefined;
    };
    try {
      return await pollUntil(look, { timeoutMs, intervalMs: 100, what: `${String(pattern)} on the screen` });
    } catch (cause) {
      throw new Error(`${String(pattern)} did not come up on the screen:\n${last}`, { cause });
    }
  }

  /** The text as it is; then keys by tmux's names, such as "Enter" or "C-j". */
  async type(text: string, ...keys: readonly string[]): Promise<void> {
    if (text !== '') await this.#run('send-keys', '-l', '--', text);
    if (keys.length > 0) await this.#run('send-keys', ...keys);
  }

  async resize(cols: number, rows: number): Promise<void> {
    await this.#run('resize-window', '-x', String(cols), '-y', String(rows));
  }

  async close(): Promise<void> {
    await this.#machine.exec([...this.#tmux, 'kill-server'], { env: environment });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #run(...args: readonly string[]): Promise<string> {
    return (await this.#machine.run([...this.#tmux, ...args], { env: environment })).stdout;
  }
}
