/** Longest text of an agent's that is kept and passed on: it is for people to read, and every screen draws it again and again. */
const MOST_CHARACTERS = 4_096;
/** The same of what is drawn in the row of a session or an agent: each frame lays out many of those. */
const MOST_IN_ROWS = 256;
const IN_ROWS = new Set(['name', 'dns_name', 'detail']);
const CUT = '…';

/** A text from an agent, which may be a broken one: a line on the wire may hold a megabyte. */
export function clipWords(text: string, most = MOST_CHARACTERS): string {
  return text.length <= most ? text : `${text.slice(0, most - 1)}${CUT}`.toWellFormed();
}

/** The same of every text in what an agent tells, which is plain data. */
export function clipAllWords<T>(told: T): T {
  return clipAny(told, MOST_CHARACTERS) as T;
}

function clipAny(told: unknown, most: number): unknown {
  if (typeof told === 'string') return clipWords(told, most);
  if (Array.isArray(told)) return told.map((value) => clipAny(value, most));
  if (typeof told !== 'object' || told === null) return told;
  const entries = Object.entries(told).map(([key, value]) => {
    return [key, clipAny(value, IN_ROWS.has(key) ? MOST_IN_ROWS : MOST_CHARACTERS)];
  });
  return Object.fromEntries(entries);
}
