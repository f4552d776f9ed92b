import type { Verdict } from './verdict.ts';
import type { Cell } from './matrix.ts';
import type { Store } from './site.ts';

export interface CellResult {
  readonly cell: Cell;
  readonly store: Store;
  /** Where the host was when all was over, before the next update. */
  readonly endedOn: 'old' | 'new' | 'neither';
  /** Of `convocate-host`; 137 where that was killed. */
  readonly exitCode: number;
  /** The last step that had begun when it struck. */
  readonly struckAt: string;
  /** From the fault to a host that is whole on old or new, and over it. */
  readonly wholeAfterMs: number;
  readonly verdict: Verdict;
  /** What an engineer needs to see, of a cell that ended badly. */
  readonly evidence: string;
}
