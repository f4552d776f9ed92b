/** Bounds of the wire contract, in one place because both sides and the documentation rest on them. */
export const LIMITS = {
  /** Longest JSON line on any subsystem, newline left out. */
  lineBytes: 1024 * 1024,
  handshakeMs: 10_000,
  /** Questions about keys and signatures on one connection; who needs more of them has no key of ours. */
  loginAttempts: 6,
  /** A request line must have arrived whole within this time after its channel was opened. */
  requestMs: 30_000,
  channelsPerConnection: 64,
  unauthenticatedConnections: 32,
  connections: 256,
  keepaliveIntervalMs: 5_000,
  keepaliveMisses: 3,
  /** How long a client waits for the answer to a call that only reads, and to one that starts or stops things. */
  readCallMs: 10_000,
  changeCallMs: 120_000,
  /** How long a call waits for its turn where an agent has its fill of calls; a reading one no longer than `readCallMs`. */
  turnMs: 60_000,
  scrollbackLines: 50_000,
  sendCharacters: 65_536,
  sendKeys: 1_000,
  logLines: 10_000,
} as const;

export const AGENT_PORT = 222;
export const STATUS_PORT = 223;

export const SUBSYSTEM = {
  rpc: 'convocate-agent-rpc',
  attach: 'convocate-agent-attach',
  status: 'convocate-status',
} as const;
