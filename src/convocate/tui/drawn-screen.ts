import { refineColumns } from '../../base/text-columns.ts';
import type { TuiEvent } from './events.ts';
import type { TuiState } from './state.ts';
import { FrameClock } from './terminal/frame-clock.ts';
import { ScreenWriter } from './terminal/screen-writer.ts';
import type { UiTerminal } from './terminal/ui-terminal.ts';
import type { Look } from './view/line.ts';
import { screenOf } from './view/screen.ts';

export interface DrawnScreenOptions {
  readonly terminal: UiTerminal;
  readonly look: Look;
  /** What is to be shown when a frame is due. */
  readonly state: () => TuiState;
  readonly onError: (error: unknown) => void;
}

/** Keeps what the terminal shows in step with the state: when a frame is due, and what of it has to be written. */
export class DrawnScreen {
  readonly #options: DrawnScreenOptions;
  readonly #writer = new ScreenWriter();
  readonly #clock = new FrameClock(() => this.#draw());
  /** There is something to show, or it takes too long to wait for it. */
  #isShown = false;
  /** A frame waits for the terminal to take the one before it. */
  #isLate = false;

  constructor(options: DrawnScreenOptions) {
    this.#options = options;
  }

  /** The state is another one since `event`. Nothing is drawn before there is news or a key. */
  follow(event: TuiEvent): void {
    const { kind } = event;
    this.#isShown ||= kind === 'cluster' || kind === 'key';
    if (!this.#isShown) return;
    if (kind === 'key' || kind === 'size' || (kind === 'cluster' && event.first)) this.#clock.atOnce();
    else this.#clock.soon();
  }

  /** Draws, whatever there is to show. */
  show(): void {
    this.#isShown = true;
    this.#clock.atOnce();
  }

  /** The terminal shows something else, or has another size: the next frame is a whole one. */
  forget(): void {
    this.#writer.forget();
  }

  /** The terminal has room again. */
  onFree(): void {
    if (this.#isLate) this.#draw();
  }

  close(): void {
    this.#clock.close();
  }

  /** A frame that stands on estimates is drawn anew as soon as it can be exact. */
  async #refine(): Promise<void> {
    if (await refineColumns()) this.#clock.atOnce();
  }

  #draw(): void {
    const { terminal, look, state, onError } = this.#options;
    this.#isLate = terminal.isBusy;
    if (!terminal.isTaken || this.#isLate) return;
    try {
      terminal.write(this.#writer.frame(screenOf(state(), look)));
      void this.#refine();
    } catch (error) {
      onError(error);
    }
  }
}
