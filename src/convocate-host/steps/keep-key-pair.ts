import { OperationError } from '../../base/errors.ts';
import type { Host } from '../../host-access/host.ts';
import { withoutComment } from '../../protocol/public-key.ts';
import { writeHostFile } from '../write-host-file.ts';

/**
 * Makes an ed25519 key pair on a host where there is none; of one that is there, mends what is not the key itself: who
 * may read it, and its public half. The private half never leaves the machine and is never replaced. Tells what changed.
 */
export async function keepKeyPair(host: Host, file: string, comment: string): Promise<string[]> {
  const mode = await host.run(['stat', '-c', '%a', file]);
  if (mode.exitCode !== 0) {
    await host.check(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-C', comment, '-f', file]);
    return [`made ${file}`];
  }
  const changes: string[] = [];
  if (mode.stdout.trim() !== '600') {
    await host.check(['chmod', '600', file]);
    changes.push(`${file}: had mode ${mode.stdout.trim()}, not 600; put right`);
  }
  const publicHalf = await readPublicHalf(host, file);
  const kept = await host.run(['cat', `${file}.pub`]);
  if (kept.stdout.trim().split(/\s+/, 2).join(' ') !== publicHalf) {
    await writeHostFile(host, `${file}.pub`, `${publicHalf} ${comment}\n`, '644');
    changes.push(`${file}.pub: was not the key's public half; put right`);
  }
  return changes;
}

async function readPublicHalf(host: Host, file: string): Promise<string> {
  const argv = ['ssh-keygen', '-y', '-P', '', '-f', file];
  const result = await host.run(argv);
  if (result.exitCode === 0) return withoutComment(result.stdout);
  throw new OperationError(`${file} is no private key, and is never overwritten`, {
    host: host.name,
    argv,
    exitCode: result.exitCode,
    output: result.stderr,
    hint:
      'bring it back from a backup; without one, move it away and run this again, then ' +
      'after a signing key `sudo make install`, and init-agent for every agent',
  });
}
