import { ackLine } from '../../protocol/layer-transfer.ts';

/** Often enough for a sender that keeps at most 1 MiB unacknowledged, and for who watches a thin line. */
const EVERY_BYTES = 128 * 1024;
const EVERY_MS = 250;

/** Says how many bytes of the stream have landed: after so many, after so long, and when asked to. */
export class Acknowledgements {
  readonly #print: (line: string) => void;
  readonly #now: () => number;
  #landed = 0;
  #said = 0;
  #saidAt: number;

  constructor(print: (line: string) => void, now: () => number = () => performance.now()) {
    this.#print = print;
    this.#now = now;
    this.#saidAt = now();
  }

  /** `bytes` more are in their file. */
  landed(bytes: number): void {
    this.#landed += bytes;
    const isDue = this.#landed - this.#said >= EVERY_BYTES || this.#now() - this.#saidAt >= EVERY_MS;
    if (isDue) this.flush();
  }

  flush(): void {
    if (this.#landed === this.#said) return;
    this.#said = this.#landed;
    this.#saidAt = this.#now();
    this.#print(ackLine(this.#landed));
  }
}
