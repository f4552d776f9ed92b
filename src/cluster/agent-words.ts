/** Longest text of an agent's that is kept and passed on: it is for people to read, and every screen draws it again and again. */
const MOST_CHARACTERS = 4_096;
const CUT = '…';

/** A text from an agent, which may be a broken one: a line on the wire may hold a megabyte. */
export function clipWords(text: string): string {
  return text.length <= MOST_CHARACTERS ? text : `${text.slice(0, MOST_CHARACTERS - 1)}${CUT}`.toWellFormed();
}

/** The same of every text in what an agent tells, which is plain data. */
export function clipAllWords<T>(told: T): T {
  return clipAny(told) as T;
}

function clipAny(told: unknown): unknown {
  if (typeof told === 'string') return clipWords(told);
  if (Array.isArray(told)) return told.map(clipAny);
  if (typeof told !== 'object' || told === null) return told;
  return Object.fromEntries(Object.entries(told).map(([key, value]) => [key, clipAny(value)]));
}
