import { mkdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { writeFileAtomic } from '../../base/atomic-file.ts';
import { COMPLETION_SCRIPTS, COMPLETION_SHELLS, type CompletionShell } from '../completion/scripts.ts';

/** Where each shell looks by itself. */
const FILES: Readonly<Record<CompletionShell, string>> = {
  bash: 'usr/share/bash-completion/completions/convocate',
  zsh: 'usr/share/zsh/vendor-completions/_convocate',
};

/** What is there already is left alone. `root` is another directory than `/` in tests. */
export async function ensureCompletionFiles(say: (text: string) => void, root = '/'): Promise<void> {
  for (const shell of COMPLETION_SHELLS) {
    const file = join(root, FILES[shell]);
    const text = COMPLETION_SCRIPTS[shell];
    if ((await readFile(file, 'utf8').catch(() => undefined)) === text) continue;
    await mkdir(dirname(file), { recursive: true });
    await writeFileAtomic(file, text);
    say(`wrote ${file}`);
  }
}
