/** The wire contract's version: raised when a client of the version before could no longer work. */
export const PROTOCOL_VERSION = 1;

/** The versions this build can speak, ends included; a release's manifest carries it. */
export const PROTOCOL_RANGE = { min: 1, max: 1 } as const;
