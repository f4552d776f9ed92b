/** One column and one UTF-16 unit each: letters of western Europe, rules and frames, and the glyphs of our own screens. */
const NARROW = /^[ -~\u00a1-\u00ac\u00ae-\u00ff─-╿●▲○◌■✖✔…•›–—“”‘’]*$/;

/** Measuring what is not is slow, and a screen says the same again and again. */
const measured = new Map<string, number>();
const MOST_MEASURED = 4_096;
/** A line of a wide screen; what is longer is rare, and would be much to keep. */
const LONGEST_MEASURED = 512;

let exact: ((text: string) => number) | undefined;
let hasEstimated = false;

/**
 * Columns that `text` takes in a terminal. An estimate where that is not plain to see, until {@link refineColumns} was
 * waited for: what knows it takes 50 ms to load, too long for a screen that most often needs none of it.
 */
export function columnsOf(text: string): number {
  if (NARROW.test(text)) return text.length;
  if (!exact) {
    hasEstimated = true;
    return Array.from(text).length;
  }
  const known = measured.get(text);
  if (known !== undefined) return known;
  const width = exact(text);
  if (measured.size >= MOST_MEASURED) measured.clear();
  if (text.length <= LONGEST_MEASURED) measured.set(copyOf(text), width);
  return width;
}

/** A part of a text holds all of it in memory: of a session's whole screen, say, for one of its words. */
function copyOf(text: string): string {
  return Buffer.from(text, 'utf16le').toString('utf16le');
}

/** Nothing that was measured will ever measure differently: what is laid out with it may be kept. */
export function areColumnsExact(): boolean {
  return !hasEstimated;
}

/** True where {@link columnsOf} has estimated, which it never does again: what was laid out with it must be once more. */
export async function refineColumns(): Promise<boolean> {
  if (!hasEstimated) return false;
  exact ??= (await import('string-width')).default;
  hasEstimated = false;
  return true;
}
