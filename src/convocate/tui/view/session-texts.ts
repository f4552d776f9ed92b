import { bytesText } from '../../../base/bytes-text.ts';
import { versionOfImageTag } from '../../../protocol/ids.ts';
import type { SessionView } from '../../../protocol/shell-socket.ts';
import { MARK, looserProfile } from '../../session-marks.ts';
import { cutTo, safe } from './text-width.ts';

/** What the plain columns of a row say; `-` where there is nothing to say. */

const NOTHING = '-';

export function nameText({ name, uuid }: Pick<SessionView, 'name' | 'uuid'>): string {
  return name === '' ? uuid.slice(0, 8) : safe(name);
}

/** The name, and `#` behind it where its box is looser than the default one. */
export function markedNameText(session: SessionView, cols = Number.POSITIVE_INFINITY): string {
  const name = nameText(session);
  const mark = MARK.looserProfile;
  return looserProfile(session) === undefined ? name : `${cutTo(name, cols - mark.length)}${mark}`;
}

/** The host's own name: its domain is the same for all. */
export function agentText({ host }: Pick<SessionView, 'host'>): string {
  const text = safe(host);
  return /^[\d.:]+$/.test(text) ? text : (text.split('.')[0] ?? text);
}

/** The version, and `*` behind it where it is older than what the agent would start now. */
export function imageText(session: SessionView, cols = Number.POSITIVE_INFINITY): string {
  const version = safe(versionOfImageTag(session.image) ?? session.image);
  if (version === '') return NOTHING;
  return session.older_image ? `${cutTo(version, cols - MARK.olderImage.length)}${MARK.olderImage}` : version;
}

export function portText({ port, protocol }: Pick<SessionView, 'port' | 'protocol'>): string {
  return port > 0 ? `${port}/${protocol}` : NOTHING;
}

export function dnsText({ dns_name }: Pick<SessionView, 'dns_name'>): string {
  return safe(dns_name) || NOTHING;
}

export function memoryText({ memory_bytes }: Pick<SessionView, 'memory_bytes'>): string {
  return memory_bytes === undefined ? NOTHING : bytesText(memory_bytes);
}

export function cpuText({ cpu_percent }: Pick<SessionView, 'cpu_percent'>): string {
  return cpu_percent === undefined ? NOTHING : `${Math.round(cpu_percent)}%`;
}
