import { randomInt } from 'node:crypto';
import { readlink } from 'node:fs/promises';
import { cpus, hostname, totalmem } from 'node:os';
import { join } from 'node:path';
import { AGENT_HOST, CLAUDE_USER } from '../../protocol/host-layout.ts';
import { isAgentId } from '../../protocol/ids.ts';
import { renderHostFiles } from '../../release/host-files.ts';
import type { Manifest } from '../../release/manifest.ts';
import { generateKeyPair, publicBlobOf } from '../../ssh/keys.ts';
import { SettingsFile } from '../sessions/settings-file.ts';
import { type InstalledRelease, readReleaseFile } from '../release-home.ts';
import { dockerItems } from './docker-items.ts';
import { directoryItem, linkItem, onceFileItem, switchLink, textFileItem } from './file-items.ts';
import type { ManagedItem } from './item.ts';
import { sessionProgramItem } from './session-program-item.ts';
import { enabledItem, systemdItem } from './systemd-items.ts';
import { userItem } from './user-item.ts';

/** Everything a host must have for `release` to be the live one, in the order it is put right. */
export async function managedItems(release: InstalledRelease): Promise<ManagedItem[]> {
  const live = await releaseItems(release, [previousItem(release.directory)]);
  return [
    ...dockerItems(),
    ...ownItems(),
    ...live,
    sessionProgramItem(new SettingsFile(AGENT_HOST.settingsFile)),
  ];
}

/** What belongs to the host and stays the same whichever release is live. */
function ownItems(): ManagedItem[] {
  return [
    userItem(),
    directoryItem(AGENT_HOST.homesDir, { mode: 0o755, uid: CLAUDE_USER.uid, gid: CLAUDE_USER.gid }),
    directoryItem(AGENT_HOST.configDir, { mode: 0o700 }),
    directoryItem(AGENT_HOST.skelDir, { mode: 0o755 }),
    directoryItem(AGENT_HOST.stateDir, { mode: 0o700 }),
    directoryItem(AGENT_HOST.sessionsDir, { mode: 0o700 }),
    onceFileItem(AGENT_HOST.agentIdFile, 0o644, () => `${makeAgentId()}\n`, faultOfAgentId),
    onceFileItem(
      AGENT_HOST.hostKeyFile,
      0o600,
      () => generateKeyPair(`convocate-agent@${hostname()}`).privateKey,
      faultOfKey,
    ),
    onceFileItem(
      AGENT_HOST.statusKeyFile,
      0o600,
      () => generateKeyPair(`agent-to-shell@${hostname()}`).privateKey,
      faultOfKey,
    ),
    onceFileItem(AGENT_HOST.sessionEnvFile, 0o600, () => SESSION_ENV_TEXT),
  ];
}

/** What makes `release` the live one, with the one rename at its heart; `beforeSwitch` comes just before that. */
export async function releaseItems(
  release: InstalledRelease,
  beforeSwitch: readonly ManagedItem[] = [],
): Promise<ManagedItem[]> {
  const numbers = { cores: cpus().length, memoryBytes: totalmem() };
  const read = (_manifest: Manifest, path: string): Promise<Buffer> => readReleaseFile(release, path);
  const files = await renderHostFiles(release.manifest, read, numbers);
  return [
    ...files.map((file) => textFileItem(file.path, file.text, file.mode)),
    systemdItem([AGENT_HOST.unit, AGENT_HOST.slice]),
    linkItem(AGENT_HOST.programLink, join(AGENT_HOST.currentLink, 'convocate-agent')),
    ...beforeSwitch,
    linkItem(AGENT_HOST.currentLink, release.directory),
    textFileItem(AGENT_HOST.currentImageFile, `${release.manifest.image.tag}\n`, 0o644),
    enabledItem(AGENT_HOST.unit),
  ];
}

const SESSION_ENV_TEXT = `# Variables for every session, one KEY=value a line: API address, keys. Read at each session start.
`;

function makeAgentId(): string {
  const alphabet = 'abcdefghijklmnopqrstuvwxyz0123456789';
  return Array.from({ length: 8 }, () => alphabet[randomInt(alphabet.length)]).join('');
}

function faultOfAgentId(content: string): string | undefined {
  return isAgentId(content.trim()) ? undefined : 'does not hold an agent id (8 characters a-z 0-9)';
}

function faultOfKey(content: string): string | undefined {
  try {
    publicBlobOf(content);
    return undefined;
  } catch {
    return 'does not hold an ed25519 private key';
  }
}

/** The way back: what is live until now is noted just before it is left, and not where a refusal may still come. */
function previousItem(next: string): ManagedItem {
  const live = async (): Promise<string | undefined> =>
    await readlink(AGENT_HOST.currentLink).catch(() => undefined);
  return {
    name: AGENT_HOST.previousLink,
    check: async () => {
      const now = await live();
      if (now === undefined || now === next) return undefined;
      const noted = await readlink(AGENT_HOST.previousLink).catch(() => undefined);
      return noted === now ? undefined : `does not name ${now}, which is left now`;
    },
    apply: async () => {
      const now = await live();
      if (now !== undefined) await switchLink(AGENT_HOST.previousLink, now);
    },
  };
}
