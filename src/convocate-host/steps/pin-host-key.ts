import { rmSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { writeFileAtomic } from '../../base/atomic-file.ts';
import { RefusedError, UsageError } from '../../base/errors.ts';
import { type PresentedKey, askHostKey, knownHostsLine, pinnedKeyOf } from '../../host-access/host-key.ts';
import { checkTarget } from '../../host-access/ssh-target.ts';
import { fingerprintOfLine } from '../../protocol/public-key.ts';

const READ_FINGERPRINT =
  'read the fingerprint on the host itself: ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub';

/**
 * The known_hosts file with the one key this host may show. A host whose pin was kept keeps it; at first contact the
 * operator has to vouch for the key, on the terminal or by naming its fingerprint.
 */
export async function pinHostKey(
  hostName: string,
  pinFile: string | undefined,
  expectedFingerprint: string | undefined,
): Promise<{ readonly knownHostsFile: string; readonly text: string }> {
  checkTarget(hostName);
  if (expectedFingerprint !== undefined && !/^SHA256:[A-Za-z0-9+/]{43}$/.test(expectedFingerprint)) {
    throw new UsageError('--host-key takes a fingerprint as `ssh-keygen -l` prints it: SHA256:…', {
      hint: READ_FINGERPRINT,
    });
  }
  const pinned = pinFile === undefined ? undefined : await readPin(pinFile);
  if (
    pinned !== undefined &&
    (expectedFingerprint === undefined || expectedFingerprint === pinnedFingerprint(pinned))
  ) {
    return await temporaryPin(pinned);
  }
  const presented = await askHostKey(hostName);
  await vouch(hostName, presented, expectedFingerprint);
  return await temporaryPin(knownHostsLine(hostName, presented.publicKey));
}

/** Keeps the pin for the next time, once the host has proven to be ours. */
export async function keepPin(pinFile: string, text: string): Promise<void> {
  if ((await readPin(pinFile)) === text) return;
  await mkdir(dirname(pinFile), { recursive: true, mode: 0o700 });
  await writeFileAtomic(pinFile, text, { mode: 0o600 });
}

/** Where a shell host's pin is kept: it is no agent, and whoever sets it up from here need not be root here. */
export function shellHostPinFile(hostName: string): string {
  const configDir = process.env['XDG_CONFIG_HOME'] || join(homedir(), '.config');
  return join(configDir, 'convocate', 'shell-hosts', hostName, 'known_hosts');
}

async function vouch(hostName: string, presented: PresentedKey, expected: string | undefined): Promise<void> {
  if (expected !== undefined) {
    if (presented.fingerprint === expected) return;
    throw new RefusedError('the host shows another SSH key than the one given; nothing was changed', {
      host: hostName,
      output: `given:     ${expected}\npresented: ${presented.fingerprint}`,
      hint: READ_FINGERPRINT,
    });
  }
  if (!process.stdin.isTTY || !process.stderr.isTTY) {
    throw new RefusedError('this host was never seen before, and there is no terminal to ask about its key', {
      host: hostName,
      output: `presented: ${presented.fingerprint}`,
      hint: `compare it with the host's own, then add --host-key ${presented.fingerprint}`,
    });
  }
  const ask = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const question = `${hostName} shows the ed25519 host key ${presented.fingerprint}\nIs it the host's own? Pin it? [y/N] `;
    const answer = await ask.question(question).catch(() => ''); // Ctrl-C, Ctrl-D
    if (!/^y(es)?$/i.test(answer.trim())) {
      throw new RefusedError('the host key was not accepted; nothing was changed', {
        host: hostName,
        hint: READ_FINGERPRINT,
      });
    }
  } finally {
    ask.close();
  }
}

/** One that is damaged is none: the host's key has to be vouched for again. */
async function readPin(file: string): Promise<string | undefined> {
  try {
    const pin = await readFile(file, 'utf8');
    pinnedKeyOf(pin);
    return pin;
  } catch {
    return undefined;
  }
}

function pinnedFingerprint(pin: string): string {
  return fingerprintOfLine(pinnedKeyOf(pin));
}

/** A copy for this run: a new pin must not replace the kept one before the host has proven to be ours. */
async function temporaryPin(text: string): Promise<{ knownHostsFile: string; text: string }> {
  const directory = await mkdtemp(join(tmpdir(), 'convocate-pin-'));
  process.once('exit', () => rmSync(directory, { recursive: true, force: true }));
  const knownHostsFile = join(directory, 'known_hosts');
  await writeFile(knownHostsFile, text, { mode: 0o600 });
  return { knownHostsFile, text };
}
