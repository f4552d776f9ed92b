import { readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { codeOf, messageOf } from '../../base/errors.ts';
import { SHELL_HOST } from '../../protocol/host-layout.ts';

const PRINTABLE = /^[^\p{C}\p{Z}]([^\p{C}\p{Zl}\p{Zp}]{0,62}[^\p{C}\p{Z}])?$/u;

/**
 * What the operators call this cluster: what the file says, else the name of this host. A file that says nothing usable
 * is complained of, and no reason to serve nobody.
 */
export async function readClusterName(
  complain: (problem: string) => void,
  file: string = SHELL_HOST.clusterNameFile,
): Promise<string> {
  try {
    const name = (await readFile(file, 'utf8')).trim();
    if (PRINTABLE.test(name)) return name;
    complain(`${file} must hold 1 to 64 printable characters; the cluster is called as this host is`);
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') complain(`${file} cannot be read: ${messageOf(error)}`);
  }
  return hostname();
}
