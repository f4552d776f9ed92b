/**
 * The keys that tmux knows by name. It types a name that it does not know as text, so a typing error would end up in the
 * session: names are looked at before.
 */
const NAMED = new Set([
  ...['up', 'down', 'left', 'right', 'home', 'end', 'ic', 'insert', 'dc', 'delete'],
  ...['npage', 'pagedown', 'pgdn', 'ppage', 'pageup', 'pgup'],
  ...Array.from({ length: 12 }, (_, index) => `f${index + 1}`),
]);

/** `C-`, `M-` and `S-` in any order, or one `^` for `C-`, before one character or a key with a name. */
const KEY = /^(?<modifiers>\^|(?:[CMS]-)*)(?<key>.+)$/i;

const CHARACTER = /^(?:[!-~]|enter|escape|tab|btab|space|bspace)$/i;
/**
 * Keys that stand for a character, with these modifiers at once. Of the rest tmux 3.3, that of our image, has no code to
 * send, and types the name instead: `S-a`, `C-*`, `C-M-1`.
 */
const CHARACTERS: ReadonlyMap<string, RegExp> = new Map([
  ['', CHARACTER],
  ['M', CHARACTER],
  ['C', /^(?:[^"$%&*{|}~]|enter|escape|tab|btab|space|bspace)$/i],
  ['CM', /^(?:[A-Z@[\\\]^_?]|space)$/i],
]);

/** Whether `name` is a key as tmux calls it, in either case: "Enter", "C-c", "^C", "M-Left", "x". */
export function isKeyName(name: string): boolean {
  if (CHARACTER.test(name)) return true; // "^" too
  const { modifiers = '', key = '' } = KEY.exec(name)?.groups ?? {};
  if (!/^[!-~]+$/.test(key)) return false;
  const held = modifiers.replace('^', 'C').toUpperCase().match(/[CMS]/g) ?? [];
  const together = [...new Set(held)].toSorted().join('');
  return NAMED.has(key.toLowerCase()) || (CHARACTERS.get(together)?.test(key) ?? false);
}
