// What the demo prints: headings, plain sentences, commands with their output, screens, and claims with a tick. In 100
// columns, in a terminal and in a CI log alike; colour only where there is a terminal and NO_COLOR is not set.
import { DemoFailed } from './demo-failed.ts';
import { type Style, frame, hanging, keepColour, paint, plain, table, wrap } from './text-layout.ts';

export const width = 100;
const indent = '  ';
const redrawMs = 120;
const spinner = '⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏';

export class Presenter {
  readonly colour: boolean;
  readonly #isTerminal: boolean;
  readonly #write: (text: string) => void;
  readonly #startedAt = performance.now();
  #lastIsEmpty = false;
  #scene = 0;
  #claims = 0;

  constructor(out: NodeJS.WriteStream, env: NodeJS.ProcessEnv) {
    this.#isTerminal = out.isTTY === true && env['TERM'] !== 'dumb';
    this.colour = this.#isTerminal && !env['NO_COLOR'];
    this.#write = (text) => void out.write(text);
  }

  /** How many claims were put to the test, and held. */
  get claims(): number {
    return this.#claims;
  }

  get elapsedSeconds(): number {
    return (performance.now() - this.#startedAt) / 1000;
  }

  title(text: string): void {
    this.#line('');
    this.#line(indent + this.#paint('bold', text));
    this.#line(indent + this.#paint('dim', '═'.repeat(text.length)));
  }

  heading(text: string): void {
    this.#scene += 1;
    const clock = clockOf(this.elapsedSeconds);
    const left = `── ${this.#scene}  ${text} `;
    this.#line('');
    this.#line(
      this.#paint('heading', left) +
        this.#paint('dim', `${'─'.repeat(Math.max(3, width - left.length - clock.length - 1))} ${clock}`),
    );
    this.#line('');
  }

  say(text: string): void {
    for (const line of wrap(text, width - indent.length)) this.#line(indent + line);
  }

  gap(): void {
    this.#line('');
  }

  /** A command as it was typed; every line of a longer one. */
  prompt(who: string, host: string, command: string): void {
    const mark = who === 'root' ? '#' : '$';
    this.#line('');
    for (const [index, line] of command.split('\n').entries()) {
      const start = index === 0 ? `${who}@${host} ${mark}` : '>'.padStart(`${who}@${host} ${mark}`.length);
      const [first = '', ...rest] = wrap(line, width - indent.length - start.length - 3);
      this.#line(
        `${indent}${this.#paint('prompt', start)} ${this.#paint('bold', first)}${rest.length > 0 ? ' \\' : ''}`,
      );
      for (const [at, more] of rest.entries())
        this.#line(
          `${indent}${' '.repeat(start.length + 3)}${this.#paint('bold', more)}${at < rest.length - 1 ? ' \\' : ''}`,
        );
    }
  }

  /** One line that a command printed; a long one goes on beneath itself. */
  output(line: string): void {
    const bar = this.#paint('dim', '│');
    for (const part of hanging(plain(line), width - indent.length - 2))
      this.#line(`${indent}${bar} ${this.#paint(styleOf(part), part)}`);
  }

  /** Shows that something takes its time, then what it took. */
  async working<T>(what: string, work: Promise<T>): Promise<T> {
    const startedAt = performance.now();
    const seconds = (): number => (performance.now() - startedAt) / 1000;
    let turn = 0;
    const draw = (): void => {
      turn += 1;
      const mark = spinner[turn % spinner.length] ?? '';
      this.#write(`\r\u001b[K${indent}${mark} ${what} … ${seconds().toFixed(0)} s`);
    };
    const timer = this.#isTerminal ? setInterval(draw, redrawMs) : undefined;
    try {
      const result = await work;
      this.#erase(timer);
      const took = `${seconds().toFixed(1)} s`;
      const room = width - indent.length - 2 - took.length - 1;
      this.#line(`${indent}${this.#paint('dim', '·')} ${what.padEnd(room)} ${this.#paint('dim', took)}`);
      return result;
    } finally {
      this.#erase(timer);
    }
  }

  table(rows: readonly (readonly string[])[]): void {
    this.#line('');
    for (const [index, line] of table(rows).entries())
      this.#line(indent + (index === 0 ? this.#paint('dim', line) : line));
  }

  lines(lines: readonly string[]): void {
    this.#line('');
    for (const line of lines) this.#line(indent + line);
  }

  /** A session's screen as its operator sees it, in a frame. */
  screen(title: string, captured: readonly string[], columns: number): void {
    const lines = this.colour ? keepColour(captured) : captured.map(plain);
    this.#line('');
    for (const line of frame(title, lines, columns, (text) => this.#paint('dim', text)))
      this.#line(indent + line);
  }

  /** A claim that was put to the test. One that does not hold ends the demo. */
  claim(what: string, holds: boolean, found = ''): void {
    if (!holds) throw new DemoFailed(what, found);
    this.#claims += 1;
    const [first = '', ...rest] = wrap(what, width - indent.length - 2);
    this.#line(`${indent}${this.#paint('good', '✓')} ${first}`);
    for (const line of rest) this.#line(`${indent}  ${line}`);
  }

  bad(text: string): void {
    this.#line('');
    for (const [index, line] of text.split('\n').entries())
      this.#line(`${indent}${index === 0 ? this.#paint('bad', '✗') : ' '} ${line}`);
  }

  #erase(timer: NodeJS.Timeout | undefined): void {
    if (timer === undefined) return;
    clearInterval(timer);
    this.#write('\r\u001b[K');
  }

  /** Never two empty lines in a row, so that each part may begin with one. */
  #line(text: string): void {
    if (text === '' && this.#lastIsEmpty) return;
    this.#lastIsEmpty = text === '';
    this.#write(`${text}\n`);
  }

  #paint(style: Style | undefined, text: string): string {
    return this.colour && style !== undefined ? paint(style, text) : text;
  }
}

/** What an eye should find in a command's output. */
function styleOf(line: string): Style | undefined {
  if (line.includes('warning:')) return 'warning';
  if (line.startsWith('===')) return 'bold';
  if (/\b(ready|updated to|nothing to do)\b/.test(line)) return 'good';
  return undefined;
}

function clockOf(seconds: number): string {
  return `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, '0')}`;
}
