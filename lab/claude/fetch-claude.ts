/** Fetches the real Claude Code from npm. It is never committed, and nothing of the product needs it to be there. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, mkdtemp, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { runChecked } from '../../src/base/run-command.ts';

/** The newest one when the lab was written; tried there with its terminal UI, tools and `--continue`. */
export const claudeVersion = '2.1.330';
const programSha256 = 'f390eaa0814e6a1bff74cbb47acb74cb9c89d30ced809fe0af5af00c7bfe8ebb';

/**
 * What `@anthropic-ai/claude-code` would install and link to on linux-x64: the program is this one native executable.
 * Asking for it by name leaves out an install script that only puts it in place.
 */
const nativePackage = '@anthropic-ai/claude-code-linux-x64';

/**
 * The path of the executable (381 MB), for /usr/local/bin/claude on an agent host. The first call downloads it, later
 * ones find it in `<cacheDir>-<version>/claude`.
 */
export async function fetchClaude(cacheDir = '/var/cache/convocate-lab/claude'): Promise<string> {
  const directory = `${cacheDir}-${claudeVersion}`;
  const program = join(directory, 'claude');
  if (await exists(program)) return program;

  await mkdir(directory, { recursive: true });
  const scratch = await mkdtemp(join(directory, 'fetch-'));
  try {
    const flags = ['--ignore-scripts', '--no-save', '--no-audit', '--no-fund'];
    const argv = ['npm', 'install', '--prefix', scratch, ...flags, `${nativePackage}@${claudeVersion}`];
    await runChecked(argv, { timeoutMs: 10 * 60_000 });
    const fetched = join(scratch, 'node_modules', nativePackage, 'claude');
    const sha256 = await sha256Of(fetched);
    if (sha256 !== programSha256)
      throw new Error(`npm's ${nativePackage}@${claudeVersion} has SHA-256 ${sha256}`);
    // Last, and in one step: whoever finds it under its name finds it whole, also when two fetch at once.
    await rename(fetched, program);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
  return program;
}

async function exists(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  return found !== undefined;
}

async function sha256Of(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}
