import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/**
 * The version this program was built as. It lies in a file beside the program rather than inside it, so that a
 * release which changes only the image leaves the program byte for byte the same, and nothing of it has to travel.
 */
export function programVersion(): string {
  try {
    return readFileSync(join(dirname(dirname(import.meta.filename)), 'VERSION'), 'utf8').trim();
  } catch {
    return 'development';
  }
}
