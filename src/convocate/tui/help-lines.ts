import { type Binding, KEY_TABLE, PLACES, type Place } from './key-table.ts';

export type HelpLine =
  | { readonly kind: 'heading'; readonly text: string }
  | { readonly kind: 'key'; readonly shown: string; readonly does: string }
  | { readonly kind: 'gap' };

/** The help, line by line, as the key table has it. */
export const HELP_LINES: readonly HelpLine[] = (Object.keys(PLACES) as Place[]).flatMap((place, index) => [
  ...(index === 0 ? [] : [{ kind: 'gap' } as const]),
  { kind: 'heading', text: PLACES[place] } as const,
  ...KEY_TABLE[place].map(({ shown, does }: Binding) => ({ kind: 'key', shown, does }) as const),
]);

/** What the bottom line says of the keys at `place`, the most important first. */
export function shortKeys(place: Place): readonly string[] {
  return KEY_TABLE[place].flatMap(({ short }: Binding) => (short === undefined ? [] : [short]));
}
