// A program at a terminal of its own, driven by a program. The terminal comes from util-linux's `script`.
import { type ChildProcess, spawn } from 'node:child_process';

const DEADLINE_MS = 120_000;
/** A flood is long: what came last is what is looked at. */
const KEPT_CHARACTERS = 65_536;

export class DrivenTerminal {
  /** Settles when the program and its terminal are gone. */
  readonly ended: Promise<void>;
  readonly #script: ChildProcess;
  #screen = '';
  #bytes = 0;
  #lastByteAt = 0;
  #look = (): void => {};

  constructor(argv: readonly string[], { cols, rows }: { readonly cols: number; readonly rows: number }) {
    const words = argv.map((word) => `'${word.replaceAll("'", `'\\''`)}'`);
    const line = `stty cols ${cols} rows ${rows}; exec ${words.join(' ')}`;
    this.#script = spawn('script', ['--quiet', '--flush', '--return', '--command', line, '/dev/null'], {
      stdio: ['pipe', 'pipe', 'inherit'],
      env: { ...process.env, TERM: 'xterm-256color' },
    });
    process.once('exit', () => this.#script.kill('SIGHUP'));
    this.ended = new Promise((resolve) => this.#script.once('close', () => resolve()));
    this.#script.stdout?.on('data', (chunk: Buffer) => {
      this.#lastByteAt = performance.now();
      this.#bytes += chunk.length;
      this.#screen += chunk.toString('latin1');
      this.#look();
      this.#screen = this.#screen.slice(-KEPT_CHARACTERS);
    });
  }

  /** Of `script`, whose only child is the program. */
  get pid(): number {
    return this.#script.pid ?? 0;
  }

  /** The end of what came since {@link fresh}, with all escape sequences. */
  get screen(): string {
    return this.#screen;
  }

  /** How much came since {@link fresh}. */
  get bytes(): number {
    return this.#bytes;
  }

  /** By the clock of `performance.now()`. */
  get lastByteAt(): number {
    return this.#lastByteAt;
  }

  fresh(): void {
    this.#screen = '';
    this.#bytes = 0;
  }

  type(keys: string): void {
    this.#script.stdin?.write(keys);
  }

  /** Until what came is as it should be; looked at with every chunk. */
  async until(isThere: (screen: string) => boolean): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const timer = setTimeout(() => {
      reject(
        new Error(`it did not come; the end of the screen: ${JSON.stringify(this.#screen.slice(-2000))}`),
      );
    }, DEADLINE_MS);
    this.#look = () => {
      if (isThere(this.#screen)) resolve();
    };
    this.#look();
    await promise.finally(() => clearTimeout(timer));
  }
}
