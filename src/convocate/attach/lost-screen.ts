import type { Writable } from 'node:stream';
import { refineColumns } from '../../base/text-columns.ts';
import { lostNotice, withoutNotice } from './lost-notice.ts';
import type { Size } from '../own-device.ts';
import type { ScreenModes } from './screen-modes.ts';

export interface ScreenOfSession {
  /** As a notice of a loss calls the session. */
  readonly name: string;
  readonly screen: Writable;
  readonly size: () => Size;
  readonly modes: ScreenModes;
}

/** Ends a control sequence that the terminal is in the middle of, without effect. */
const CANCEL = '\u0018';

/** The operator's screen while the session's terminal is away: written to by us, and given back so that it can go on. */
export class LostScreen {
  readonly #of: ScreenOfSession;
  #cut: Uint8Array = new Uint8Array();

  constructor(of: ScreenOfSession) {
    this.#of = of;
  }

  /** Output stopped here, perhaps inside a sequence whose rest is still to come. */
  begin(): void {
    this.#cut = Uint8Array.from(this.#of.modes.cut);
    if (this.#cut.length > 0) this.#of.screen.write(CANCEL);
  }

  notice(lostForMs: number): void {
    this.#of.screen.write(lostNotice(this.#of.name, lostForMs, this.#of.size()));
    void refineColumns(); // for the next second's
  }

  /** Output goes on where it stopped. */
  goOn(): void {
    this.#of.screen.write(withoutNotice(this.#of.size()));
    if (this.#cut.length > 0) this.#of.screen.write(this.#cut);
  }

  /** A new terminal follows, which draws everything; the old one never said goodbye. */
  startAnew(): void {
    this.#of.screen.write(this.#of.modes.restoring());
  }
}
