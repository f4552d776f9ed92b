import { type FSWatcher, watch } from 'node:fs';
import { join } from 'node:path';
import { REPORT_DIRECTORY } from './report-file.ts';

/** Notices of the file system come in bursts, and one may be missed: whoever uses this looks now and then anyway. */
export class SessionWatch implements Disposable {
  readonly #directory: string;
  readonly #onChange: () => void;
  #watcher: FSWatcher | undefined;

  constructor(home: string, onChange: () => void) {
    this.#directory = join(home, REPORT_DIRECTORY);
    this.#onChange = onChange;
    this.listen();
  }

  /** Listens where it does not yet: the directory may have come, or have been replaced, since. */
  listen(): void {
    if (this.#watcher) return;
    try {
      const watcher = watch(this.#directory, { persistent: false }, (event) => {
        this.#onChange();
        // The directory itself was moved away or removed; a renamed report looks alike, and listening anew is cheap.
        if (event === 'rename') this.#renew();
      });
      watcher.on('error', () => this.#drop());
      this.#watcher = watcher;
    } catch {
      this.#watcher = undefined; // not there yet
    }
  }

  [Symbol.dispose](): void {
    this.#drop();
  }

  #renew(): void {
    this.#drop();
    this.listen();
  }

  #drop(): void {
    this.#watcher?.close();
    this.#watcher = undefined;
  }
}
