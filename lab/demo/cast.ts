// Who plays: the sessions of the demo, and where they run.
export const hosts = ['agent-a', 'agent-b'] as const;

export interface Part {
  readonly name: string;
  readonly host: (typeof hosts)[number];
  /** Made and never started: such a session is there as well, with a home and no container. */
  readonly stopped?: boolean;
}

export const cast: readonly Part[] = [
  { name: 'payments', host: 'agent-a' },
  { name: 'search', host: 'agent-a' },
  { name: 'docs-site', host: 'agent-b' },
  { name: 'ci-speedup', host: 'agent-b' },
  { name: 'mobile-app', host: 'agent-b', stopped: true },
];

export const atWork = cast.filter((part) => part.stopped !== true);

/** The one whose screen is shown, and which the operator moves to the new image at the end. */
export const lead = 'payments';
