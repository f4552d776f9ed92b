import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Lifetime } from './fake-lifetime.ts';

/** A test makes and removes whole hosts by the hundred: on a disk that was most of its time. */
function placeInMemory(): string {
  return fs.existsSync('/dev/shm') ? '/dev/shm' : tmpdir();
}

/**
 * The files of a host, real ones below a directory of the test's. What a program does to them can be cut off before any
 * change; see {@link Lifetime}.
 */
export class FakeDisk extends Lifetime {
  readonly root: string;

  /** `name` tells its directory from those of others. */
  constructor(name: string) {
    super();
    this.root = join(placeInMemory(), `convocate-${name}-${process.pid}`);
  }

  destroy(): void {
    fs.rmSync(this.root, { recursive: true, force: true });
  }

  /** Mode and text, or the target of a link, by the path without its first slash. */
  contents(): Record<string, string> {
    const names = fs.readdirSync(this.root, { recursive: true, encoding: 'utf8' }).toSorted();
    const files = names.flatMap((name) => {
      const path = join(this.root, name);
      const found = fs.lstatSync(path);
      if (found.isDirectory() || name.endsWith('.tmp')) return []; // a kill leaves temporary files behind
      if (found.isSymbolicLink()) return [[name, `-> ${fs.readlinkSync(path)}`]];
      return [[name, `${(found.mode & 0o777).toString(8)} ${fs.readFileSync(path, 'utf8')}`]];
    });
    return Object.fromEntries(files) as Record<string, string>;
  }

  place(path: string): string {
    return /^\/(?:etc|proc|run|var\/lib|usr\/local)\b/.test(path) ? join(this.root, path) : path;
  }

  read(path: string): string | undefined {
    const place = this.place(path);
    return fs.existsSync(place) ? fs.readFileSync(place, 'utf8') : undefined;
  }

  write(path: string, text: string): void {
    fs.mkdirSync(dirname(this.place(path)), { recursive: true });
    fs.writeFileSync(this.place(path), text);
    fs.chmodSync(this.place(path), 0o644); // whatever the umask is
  }

  /** Makes a file seem so much older than it is, or of the future. */
  age(path: string, ms: number): void {
    const at = (fs.statSync(this.place(path)).mtimeMs - ms) / 1000;
    fs.utimesSync(this.place(path), at, at);
  }

  remove(path: string): void {
    fs.rmSync(this.place(path), { force: true });
  }

  link(path: string, target: string): void {
    this.remove(path);
    fs.mkdirSync(dirname(this.place(path)), { recursive: true });
    fs.symlinkSync(target, this.place(path));
  }

  /** The version a link names; that many names from the end of its target. */
  linked(path: string, fromEnd = 1): string | undefined {
    const found = fs.lstatSync(this.place(path), { throwIfNoEntry: false });
    return found && fs.readlinkSync(this.place(path)).split('/').at(-fromEnd);
  }
}
