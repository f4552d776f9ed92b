import { DEFAULT_SETTINGS } from '../../protocol/agent-settings.ts';
import { MARK } from '../session-marks.ts';
import { type Binding, KEY_TABLE, PLACES, type Place } from './key-table.ts';

export type HelpLine =
  | { readonly kind: 'heading'; readonly text: string }
  | { readonly kind: 'key' | 'mark'; readonly shown: string; readonly does: string }
  | { readonly kind: 'gap' };

/** What stands behind things in the list, told with its keys. */
const MARKS: readonly HelpLine[] = [
  { kind: 'gap' },
  { kind: 'heading', text: 'Marks in the list' },
  {
    kind: 'mark',
    shown: MARK.stale,
    does: 'behind a state: as seen last, agent or Docker is silent',
  },
  { kind: 'mark', shown: MARK.olderImage, does: 'behind an image: older than what its agent starts now' },
  {
    kind: 'mark',
    shown: MARK.looserProfile,
    does: `behind a name: its profile is looser than ${DEFAULT_SETTINGS.profile}`,
  },
];

/** The help, line by line, as the key table has it. */
export const HELP_LINES: readonly HelpLine[] = (Object.keys(PLACES) as Place[]).flatMap((place, index) => [
  ...(index === 0 ? [] : [{ kind: 'gap' } as const]),
  { kind: 'heading', text: PLACES[place] } as const,
  ...KEY_TABLE[place].map(({ shown, does }: Binding) => ({ kind: 'key', shown, does }) as const),
  ...(place === 'list' ? MARKS : []),
]);

/** What the bottom line says of the keys at `place`, the most important first. */
export function shortKeys(place: Place): readonly string[] {
  return KEY_TABLE[place].flatMap(({ short }: Binding) => (short === undefined ? [] : [short]));
}
