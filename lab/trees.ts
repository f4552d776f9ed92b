// Built trees of this checkout under other versions, as an operator would have after `git checkout` and `make build`.
import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { runChecked } from '../src/base/run-command.ts';

const checkout = dirname(import.meta.dirname);
const sources = ['src', 'image', 'scripts', 'package.json', 'tsconfig.json'];

export interface TreeOptions {
  readonly version: string;
  /** What is another in this version: file (relative to the checkout) to text that is added at its end. */
  readonly appended?: Readonly<Record<string, string>>;
  /** What else is another: file to a text in it, and what stands there instead. */
  readonly replaced?: Readonly<Record<string, readonly [string, string]>>;
  /** Files that only this version has: path (relative to the checkout) to content. Below image/rootfs, they make its last layer large. */
  readonly added?: Readonly<Record<string, Uint8Array>>;
}

/** Builds the sources as they stand, changed as asked, under that version; gives the folder of the built tree. */
export async function buildTree(options: TreeOptions): Promise<string> {
  const { version, appended = {}, replaced = {}, added = {} } = options;
  const folder = join(checkout, '.lab', 'trees', version);
  const work = `${folder}.new`;
  rmSync(work, { recursive: true, force: true });
  mkdirSync(work, { recursive: true });
  for (const name of sources) cpSync(join(checkout, name), join(work, name), { recursive: true });
  symlinkSync(join(checkout, 'node_modules'), join(work, 'node_modules'));
  for (const [file, text] of Object.entries(appended)) {
    writeFileSync(join(work, file), readFileSync(join(work, file), 'utf8') + text);
  }
  for (const [file, [from, to]] of Object.entries(replaced)) {
    const text = readFileSync(join(work, file), 'utf8');
    if (!text.includes(from)) throw new Error(`${file} does not hold ${JSON.stringify(from)}`);
    writeFileSync(join(work, file), text.replace(from, to));
  }
  const identity = createHash('sha256').update(JSON.stringify([version, appended, replaced]));
  for (const [file, content] of Object.entries(added)) {
    mkdirSync(dirname(join(work, file)), { recursive: true });
    writeFileSync(join(work, file), content);
    identity.update(file).update(content);
  }
  const revision = identity.digest('hex').slice(0, 40);
  await runChecked([process.execPath, 'scripts/build.ts'], {
    cwd: work,
    env: { ...process.env, VERSION: version, REVISION: revision },
    timeoutMs: 120_000,
  });
  if (existsSync(folder)) rmSync(folder, { recursive: true });
  renameSync(work, folder);
  cpSync(join(checkout, 'Makefile'), join(folder, 'Makefile'));
  return folder;
}
