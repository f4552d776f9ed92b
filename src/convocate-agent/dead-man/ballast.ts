import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AGENT_HOST } from '../../protocol/host-layout.ts';

/** Room for the few small files that going back writes, kept against a disk that fills up meanwhile. */
const FILE = join(AGENT_HOST.rolloutDir, 'ballast');
const BYTES = 256 * 1024;

export async function takeBallast(): Promise<void> {
  await writeFile(FILE, Buffer.alloc(BYTES), { mode: 0o600 });
}

export async function dropBallast(): Promise<void> {
  await rm(FILE, { force: true });
}
