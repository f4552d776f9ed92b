// An operator's terminal for tests: keys are typed into it, and what it is shown is kept, or not taken at all.
import { Duplex } from 'node:stream';
import { withDeadline } from '../../../src/base/deadline.ts';
import { ScreenModes } from '../../../src/convocate/attach/screen-modes.ts';

export class FakeScreen extends Duplex {
  shown = '';
  #stuck: (() => void) | undefined;
  #isStuck = false;
  #look: () => void = () => {};

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.shown += chunk.toString('latin1');
    this.#look();
    if (this.#isStuck) this.#stuck = done;
    else done();
  }

  type(keys: string): void {
    this.push(Buffer.from(keys));
  }

  /** Takes no more than the next bytes. */
  stick(): void {
    this.#isStuck = true;
  }

  unstick(): void {
    this.#isStuck = false;
    this.#stuck?.();
  }

  /** Waits until `text` has been shown, and forgets all up to there. */
  async shows(text: string | RegExp, timeoutMs = 20_000): Promise<void> {
    const seen = new Promise<void>((resolve) => {
      this.#look = (): void => {
        const at = typeof text === 'string' ? this.shown.indexOf(text) : this.shown.search(text);
        if (at === -1) return;
        this.#look = () => {};
        this.shown = this.shown.slice(at + 1);
        resolve();
      };
      this.#look();
    });
    await withDeadline(seen, timeoutMs, `${String(text)} (shown: ${JSON.stringify(this.shown.slice(-300))})`);
  }
}

/** Keeps the output that the agent sent, without the client's own notices. */
export class RecordingModes extends ScreenModes {
  readonly #seen: Buffer[] = [];

  override follow(output: Uint8Array): void {
    this.#seen.push(Buffer.from(output));
    super.follow(output);
  }

  get seen(): Buffer {
    return Buffer.concat(this.#seen);
  }
}
