import { join } from 'node:path';
import { AGENT_HOST } from '../../protocol/host-layout.ts';
import { textFileItem } from '../install/file-items.ts';
import type { ManagedItem } from '../install/item.ts';
import { enabledItem, systemdItem } from '../install/systemd-items.ts';
import { BALLAST_FILES } from './ballast.ts';

/**
 * The unit is no part of a release: the release that would be gone back to writes it and runs it, so a release that is
 * broken cannot break the way back from itself. It stays enabled, and at a start of the host its conditions pass it over
 * unless a rollout is open, or has left the room that it kept.
 */
const UNIT_TEXT = `[Unit]
Description=takes back a convocate rollout that nobody confirms
# At a start of the host it comes first: a rollout that was not confirmed before is taken back then.
Before=${AGENT_HOST.unit}
ConditionPathExists=|${AGENT_HOST.rolloutDir}/armed.json
ConditionPathExists=|${AGENT_HOST.rolloutDir}/returning.json
${BALLAST_FILES.map((file) => `ConditionPathExists=|${file}`).join('\n')}
RequiresMountsFor=${AGENT_HOST.libDir} ${AGENT_HOST.stateDir}
StartLimitIntervalSec=0

[Service]
Type=notify
NotifyAccess=all
ExecStart=${AGENT_HOST.wayBackLink}/convocate-agent dead-man
# Going back is tried until it is done.
Restart=on-failure
RestartSec=1
TimeoutStartSec=60
OOMScoreAdjust=-900
UMask=0077

[Install]
WantedBy=multi-user.target
`;

/** The link that names the program of the release that would be gone back to comes from {@link arm}. */
export function deadManItems(): ManagedItem[] {
  return [
    textFileItem(join('/etc/systemd/system', AGENT_HOST.deadManUnit), UNIT_TEXT, 0o644),
    systemdItem([AGENT_HOST.deadManUnit]),
    enabledItem(AGENT_HOST.deadManUnit),
  ];
}
