import { type FSWatcher, closeSync, watch } from 'node:fs';
import { GrowingRest } from './growing-rest.ts';
import { openDirectory } from './home-files.ts';

/**
 * Tells when something in a directory of a session's home may have changed: at the first notice of the file system, and
 * once more after a rest, when the ones that came behind it can be left to a look. A session may write as fast as it can:
 * where notices do not end, the rests grow. A notice may be missed: whoever uses this looks now and then anyway.
 */
export class SessionWatch implements Disposable {
  readonly #home: string;
  readonly #names: readonly string[];
  readonly #onChange: () => void;
  readonly #rest = new GrowingRest();
  #watcher: FSWatcher | undefined;
  /** Runs for as long as nothing is heard. */
  #deaf: NodeJS.Timeout | undefined;

  /** `names`: of the directory, from the home on. */
  constructor(home: string, names: readonly string[], onChange: () => void) {
    this.#home = home;
    this.#names = names;
    this.#onChange = onChange;
    this.listen();
  }

  /** Listens where it does not yet: the directory may have come since. */
  listen(): void {
    if (this.#watcher || this.#deaf) return;
    try {
      const watcher = watchDirectory(this.#home, this.#names, () => this.#hear());
      watcher.on('error', () => this.#drop());
      this.#watcher = watcher;
    } catch {
      this.#watcher = undefined; // not there yet, or no directory
    }
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#deaf);
    this.#drop();
  }

  #hear(): void {
    if (this.#deaf) return; // notices that were on their way already
    this.#drop();
    this.#deaf = setTimeout(() => {
      this.#deaf = undefined;
      this.#rest.end(performance.now());
      this.listen(); // to what lies there now: the directory may have been replaced
      this.#onChange();
    }, this.#rest.begin(performance.now()));
    this.#deaf.unref();
    this.#onChange();
  }

  #drop(): void {
    this.#watcher?.close();
    this.#watcher = undefined;
  }
}

/** By way of an open directory: a link that the session put in its place would have us watch any other of the host. */
function watchDirectory(home: string, names: readonly string[], onNotice: () => void): FSWatcher {
  const fd = openDirectory(home, names);
  try {
    return watch(`/proc/self/fd/${fd}`, { persistent: false }, onNotice);
  } finally {
    closeSync(fd);
  }
}
