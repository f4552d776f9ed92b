import { columnsOf, refineColumns } from '../../../base/text-columns.ts';

/** For tests: from here on every text is measured exactly. */
export async function exactColumns(): Promise<void> {
  columnsOf('日'); // cannot be told at a glance
  await refineColumns();
}
