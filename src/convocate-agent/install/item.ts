/**
 * One thing that `convocate-agent install` keeps right on a host (decision 14). `check` looks and changes nothing;
 * `apply` makes it right and may be run at any time; neither ever overwrites a key or an id.
 */
export interface ManagedItem {
  readonly name: string;
  /** What is not as it should be, in words for the operator; undefined where all is well. */
  check(): Promise<string | undefined>;
  apply(): Promise<void>;
  /** The host cannot take sessions without it and we must not mend it ourselves: the text says what to do. */
  readonly onlyOperatorCanFix?: string;
  /** Worth a word, but no reason to call the host unfit. */
  readonly warnOnly?: boolean;
}

export interface ItemReport {
  readonly item: string;
  readonly state: 'ok' | 'drift' | 'fixed' | 'warning';
  readonly detail?: string;
}

export interface ConvergeReport {
  readonly items: readonly ItemReport[];
}
