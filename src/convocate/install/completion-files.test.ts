import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { COMPLETION_SCRIPTS } from '../completion/scripts.ts';
import { ensureCompletionFiles } from './completion-files.ts';

test('the files are made, mended where they differ, and left alone where they do not', async () => {
  const root = await mkdtemp(join(tmpdir(), 'convocate-root-'));
  try {
    const said: string[] = [];
    const ensure = (): Promise<void> => ensureCompletionFiles((text) => void said.push(text), root);
    const bash = join(root, 'usr/share/bash-completion/completions/convocate');
    const zsh = join(root, 'usr/share/zsh/vendor-completions/_convocate');
    await ensure();
    expect(await readFile(bash, 'utf8')).toBe(COMPLETION_SCRIPTS.bash);
    expect(await readFile(zsh, 'utf8')).toBe(COMPLETION_SCRIPTS.zsh);
    expect(said.splice(0)).toEqual([`wrote ${bash}`, `wrote ${zsh}`]);
    await ensure();
    expect(said).toEqual([]);
    await writeFile(zsh, 'old');
    await ensure();
    expect(said).toEqual([`wrote ${zsh}`]);
  } finally {
    await rm(root, { recursive: true, force: true });
  }
});
