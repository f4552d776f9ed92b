/**
 * The keys that tmux knows by name. It types a name that it does not know as text, so a typing error would end up in the
 * session: names are looked at before.
 */
const NAMED = new Set([
  ...['enter', 'escape', 'tab', 'btab', 'space', 'bspace', 'up', 'down', 'left', 'right', 'home', 'end'],
  ...['ic', 'insert', 'dc', 'delete', 'npage', 'pagedown', 'pgdn', 'ppage', 'pageup', 'pgup'],
  ...Array.from({ length: 12 }, (_, index) => `f${index + 1}`),
]);

/** `C-`, `M-` and `S-` in any order, or one `^` for `C-`, before one character or a key with a name. */
const KEY = /^(?:\^|(?:[CMScms]-)*)(?<key>.+)$/;

/** Whether `name` is a key as tmux calls it, in either case: "Enter", "C-c", "^C", "M-Left", "x". */
export function isKeyName(name: string): boolean {
  if (/^[\x21-\x7e]$/.test(name)) return true;
  const key = KEY.exec(name)?.groups?.['key'] ?? '';
  return /^[\x21-\x7e]$/.test(key) || NAMED.has(key.toLowerCase());
}
