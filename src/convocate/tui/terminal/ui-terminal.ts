import { type OwnTerminal, openOwnTerminal } from '../../attach/own-terminal.ts';
import type { Size } from '../state.ts';
import { type HeldOutput, holdOutput } from './hold-output.ts';
import { ENTER_SCREEN, LEAVE_SCREEN } from './screen-modes.ts';

export interface Listener {
  readonly onBytes: (bytes: Buffer) => void;
  /** Nothing more can come from this terminal. */
  readonly onEnd: () => void;
}

/**
 * The operator's terminal as the UI has it: raw, on a screen of its own. It is opened anew each time it is taken, so that
 * between two times nothing of ours reads a key that is meant for someone else.
 */
export class UiTerminal {
  readonly #open: () => OwnTerminal;
  #own: OwnTerminal | undefined;
  #held: HeldOutput | undefined;

  constructor(open: () => OwnTerminal = openOwnTerminal) {
    this.#open = open;
  }

  get isTaken(): boolean {
    return this.#own !== undefined;
  }

  /** Throws RefusedError where the process has no terminal. */
  take({ onBytes, onEnd }: Listener): void {
    const own = this.#open();
    this.#own = own;
    this.#held = holdOutput();
    own.input.setRawMode(true);
    own.input.on('data', onBytes);
    own.input.on('end', onEnd);
    own.input.on('error', onEnd);
    own.output.write(ENTER_SCREEN);
  }

  /** Taken already, but the modes may have been changed by whoever stopped and woke us. */
  takeAgain(): void {
    this.#own?.input.setRawMode(false); // what is set already is not set again
    this.#own?.input.setRawMode(true);
    this.#own?.output.write(ENTER_SCREEN);
  }

  /** Writes to a terminal are done when this returns; a slow one slows us down and gets fewer frames. */
  write(text: string): void {
    if (text !== '') this.#own?.output.write(text);
  }

  /** The size now; of the terminal while it is taken. */
  size(): Size | undefined {
    return this.#own?.size();
  }

  /** Gives it back as it was; may be called twice, and from an exit handler. */
  leave(): void {
    const own = this.#own;
    if (!own) return;
    this.#own = undefined;
    own.input.removeAllListeners('end');
    own.output.write(LEAVE_SCREEN);
    own.restore();
    own.output.destroy();
    const held = this.#held?.release() ?? '';
    if (held !== '') process.stderr.write(held);
  }
}
