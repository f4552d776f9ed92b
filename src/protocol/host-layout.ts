/** Where things lie on the hosts: the contract between the program that provisions a host and the one that runs there. */

export const CLAUDE_USER = { name: 'claude', uid: 1337, gid: 1337, home: '/home/claude' } as const;

/** On an agent host. */
export const AGENT_HOST = {
  /** Releases side by side, blobs they share, and the symlink that says which is live (decision 1). */
  libDir: '/usr/local/lib/convocate',
  releasesDir: '/usr/local/lib/convocate/releases',
  blobsDir: '/usr/local/lib/convocate/blobs',
  currentLink: '/usr/local/lib/convocate/current',
  previousLink: '/usr/local/lib/convocate/previous',
  /** The release whose program watches over an open rollout. */
  wayBackLink: '/usr/local/lib/convocate/way-back',
  programLink: '/usr/local/bin/convocate-agent',
  unit: 'convocate-agent.service',
  slice: 'convocate-sessions.slice',

  configDir: '/etc/convocate-agent',
  agentIdFile: '/etc/convocate-agent/agent-id',
  /** The ed25519 key of the listener on 222. */
  hostKeyFile: '/etc/convocate-agent/host_key',
  /** The key this agent shows to the shell's 223; made here, so its private half never travels. */
  statusKeyFile: '/etc/convocate-agent/agent_to_shell_key',
  /** Public keys that may open 222, one a line, as in authorized_keys. */
  authorizedKeysFile: '/etc/convocate-agent/authorized_keys',
  /** `{host, port, host_key}` of the shell host's 223. */
  shellHostFile: '/etc/convocate-agent/shell-host.json',
  /** Public half of the cluster's signing key, in the form `ssh-keygen -Y verify` takes. */
  allowedSignersFile: '/etc/convocate-agent/allowed_signers',
  currentImageFile: '/etc/convocate-agent/current-image',
  settingsFile: '/etc/convocate-agent/settings.json',
  sessionEnvFile: '/etc/convocate-agent/session.env',
  /** What the operator adds to every new home, on top of the release's own skel. */
  skelDir: '/etc/convocate-agent/skel',

  stateDir: '/var/lib/convocate-agent',
  sessionsDir: '/var/lib/convocate-agent/sessions',
  homesDir: '/home/claude',
  /** In a directory that only root can enter; see protocol/rollout-lock.ts. */
  rolloutLock: '/run/convocate-rollout/lock',
  /** Shared by whatever changes the host for a rollout, while it runs. */
  rolloutWorkLock: '/run/convocate-rollout/work',
  /** Where earlier releases have these two, and where every user of the host could open them. */
  oldRolloutLock: '/run/lock/convocate-rollout.lock',
  oldRolloutWorkLock: '/run/lock/convocate-rollout.work',
  /** The fence's number, and the state of a rollout that is not confirmed yet. */
  rolloutDir: '/var/lib/convocate-agent/rollout',
  rolloutBootMark: '/run/convocate-rollout.armed',
  rolloutRequest: '/run/convocate-rollout.request',
  /** Takes a rollout back that nobody confirms (decision 8). */
  deadManUnit: 'convocate-dead-man.service',
} as const;

/** On the shell host. */
export const SHELL_HOST = {
  configDir: '/etc/convocate',
  /** One directory per agent, named by its id. */
  agentKeysDir: '/etc/convocate/agent-keys',
  signingKeyFile: '/etc/convocate/signing_key',
  statusHostKeyFile: '/etc/convocate/status_host_key',
  /** What the operators call the cluster; where it is missing, it is called as the shell host is. */
  clusterNameFile: '/etc/convocate/cluster-name',
  installChoicesFile: '/etc/convocate/install.json',
  /** Releases, the blobs they share, and which is current: what lies where is known to release/release-store.ts. */
  stateDir: '/var/lib/convocate',
  statusUnit: 'convocate-status.service',
  socket: '/run/convocate/shell.sock',
  programsDir: '/usr/local/lib/convocate/shell',
} as const;

/** Labels every session container carries: enough to be found again after the agent restarted. */
export const LABEL = {
  session: 'convocate.session',
  agent: 'convocate.agent',
  version: 'convocate.version',
  profile: 'convocate.profile',
  /** `session` or `resume`: which command of the settings it was started with. */
  start: 'convocate.start',
} as const;

export function containerNameOf(sessionId: string): string {
  return `convocate-session-${sessionId}`;
}

/** Namespace of `ssh-keygen -Y` signatures over release manifests, and the identity that signs them. */
export const SIGNATURE = { namespace: 'convocate-release', identity: 'convocate-cluster' } as const;
