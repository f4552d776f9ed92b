// A git checkout of this project as an operator has it: a clone of a repository with tags, where `make build` runs.
import {
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
  readFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { runChecked } from '../../../src/base/run-command.ts';

const project = dirname(dirname(dirname(import.meta.dirname)));

export class Checkout implements Disposable {
  readonly #folder: string;
  /** The clone, where an operator works. */
  readonly directory: string;

  private constructor(folder: string) {
    this.#folder = folder;
    this.directory = join(folder, 'convocate');
  }

  /**
   * A repository of its own with the sources as they stand, committed and tagged once per entry of `history`, and a
   * clone of it. Each entry names files and the text that its commit adds at their ends.
   */
  static async clone(
    name: string,
    history: readonly (readonly [tag: string, appended: Readonly<Record<string, string>>])[],
  ): Promise<Checkout> {
    const folder = join(project, '.lab', 'checkouts', name);
    rmSync(folder, { recursive: true, force: true });
    const origin = join(folder, 'origin');
    mkdirSync(origin, { recursive: true });
    const checkout = new Checkout(folder);
    await copySources(origin);
    await git(origin, 'init', '--quiet', '--initial-branch=main');
    for (const [tag, appended] of history) {
      appendTo(origin, appended);
      await git(origin, 'add', '--all');
      await git(origin, 'commit', '--quiet', '--message', `Release ${tag}`);
      await git(origin, 'tag', '--annotate', '--message', tag, tag);
    }
    await git(folder, 'clone', '--quiet', origin, checkout.directory);
    return checkout;
  }

  async git(...args: string[]): Promise<string> {
    return await git(this.directory, ...args);
  }

  append(appended: Readonly<Record<string, string>>): void {
    appendTo(this.directory, appended);
  }

  /** `make build`, without VERSION: it comes from `git describe`. Gives the version that was built. */
  async build(): Promise<string> {
    const modules = join(this.directory, 'node_modules');
    // Linked, and never to be installed anew: `npm ci` would empty the folder that everybody here uses.
    if (!existsSync(modules)) symlinkSync(join(project, 'node_modules'), modules);
    const longAgo = new Date(0);
    for (const file of ['package.json', 'package-lock.json'])
      utimesSync(join(this.directory, file), longAgo, longAgo);
    const { VERSION: _version, REVISION: _revision, ...env } = process.env;
    const argv = ['make', '--old-file=node_modules/.installed', 'build'];
    await runChecked(argv, { cwd: this.directory, env, timeoutMs: 120_000 });
    return readFileSync(join(this.directory, 'build/VERSION'), 'utf8').trim();
  }

  [Symbol.dispose](): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** The working tree: what git holds, as it is changed, and what is new, without what is ignored. */
async function copySources(target: string): Promise<void> {
  const listed = await git(project, 'ls-files', '-z', '--cached', '--others', '--exclude-standard');
  const isFile = (path: string): boolean =>
    lstatSync(join(project, path), { throwIfNoEntry: false })?.isFile() ?? false;
  for (const file of listed.split('\0').filter((path) => path !== '' && isFile(path)))
    cpSync(join(project, file), join(target, file));
}

function appendTo(directory: string, appended: Readonly<Record<string, string>>): void {
  for (const [file, text] of Object.entries(appended))
    writeFileSync(join(directory, file), text, { flag: 'a' });
}

async function git(directory: string, ...args: string[]): Promise<string> {
  const who = ['-c', 'user.name=operator', '-c', 'user.email=operator@example.org'];
  return (await runChecked(['git', ...who, '-C', directory, ...args])).trim();
}
