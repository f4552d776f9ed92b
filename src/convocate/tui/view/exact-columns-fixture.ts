import { columnsOf, refineColumns } from '../../../base/text-columns.ts';

/** From here on every text is measured exactly, as a program that has run for a while does. */
export async function exactColumns(): Promise<void> {
  columnsOf('日'); // cannot be told at a glance
  await refineColumns();
}
