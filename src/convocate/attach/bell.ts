import type { Writable } from 'node:stream';
import type { ScreenModes } from './screen-modes.ts';

const BEL = '\u0007';
/** The rest of what output stopped in the middle of is on its way. */
const AGAIN_MS = 50;

/**
 * Rings on the operator's terminal while a session has it. In the middle of a control sequence a bell would end it, and in
 * that of a character break it: then it rings when the rest of it has come.
 */
export class Bell {
  #hung: { readonly screen: Writable; readonly modes: Pick<ScreenModes, 'cut'> } | undefined;
  #again: NodeJS.Timeout | undefined;

  /** From now on it can be heard; all that is written to `screen` is known to `modes`. */
  hang(screen: Writable, modes: Pick<ScreenModes, 'cut'>): void {
    this.#hung = { screen, modes };
  }

  takeDown(): void {
    clearTimeout(this.#again);
    this.#hung = undefined;
  }

  /** Once, however often it was asked for while it had to wait. */
  ring(): void {
    clearTimeout(this.#again);
    if (!this.#hung) return;
    const { screen, modes } = this.#hung;
    if (modes.cut.length === 0) screen.write(BEL);
    else this.#again = setTimeout(() => this.ring(), AGAIN_MS);
  }
}
