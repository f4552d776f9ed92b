import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { OperationError, UsageError } from '../../base/errors.ts';
import { runChecked, runCommand } from '../../base/run-command.ts';
import { hasImage } from './docker-build.ts';

const DEBOOTSTRAP = 'debootstrap:';
const PULL_MS = 30 * 60_000;

/** A reference Docker here can build from: pulled where it is missing, or made from Debian's packages. */
export async function ensureBaseImage(choice: string, say: (text: string) => void): Promise<string> {
  if (choice.startsWith(DEBOOTSTRAP))
    return await ensureDebootstrapped(choice.slice(DEBOOTSTRAP.length), say);
  if (await hasImage(choice)) return choice;
  say(`pulling ${choice}`);
  const argv = ['docker', 'pull', '--quiet', choice];
  const result = await runCommand(argv, { timeoutMs: PULL_MS });
  if (result.exitCode === 0) return choice;
  throw new OperationError(`the base image ${choice} cannot be pulled`, {
    argv,
    exitCode: result.exitCode,
    output: result.stderr,
    hint: 'check the network, or make one from Debian’s packages: --base-image debootstrap:bookworm',
  });
}

async function ensureDebootstrapped(suite: string, say: (text: string) => void): Promise<string> {
  if (!/^[a-z]{3,20}$/.test(suite))
    throw new UsageError('--base-image debootstrap:<suite> takes a name such as bookworm');
  const tag = `convocate-base:${suite}`;
  if (await hasImage(tag)) return tag;
  if ((await runCommand(['debootstrap', '--version'])).exitCode !== 0) {
    throw new OperationError('debootstrap is not installed', {
      hint: 'install it: apt-get install debootstrap',
    });
  }
  say(`making ${tag} from Debian's packages`);
  const directory = await mkdtemp('/var/tmp/convocate-base-');
  try {
    const root = join(directory, 'root');
    await runChecked(['debootstrap', '--variant=minbase', suite, root], { timeoutMs: PULL_MS });
    await rm(join(root, 'var/cache/apt/archives'), { recursive: true, force: true });
    const archive = join(directory, 'root.tar');
    await runChecked(['tar', '--numeric-owner', '-C', root, '-cf', archive, '.'], { timeoutMs: PULL_MS });
    await runChecked(['docker', 'import', archive, tag], { timeoutMs: PULL_MS });
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
  return tag;
}
