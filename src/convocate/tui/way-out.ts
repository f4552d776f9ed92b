import type { Key } from './events.ts';
import { commandOf } from './key-table.ts';
import type { Dialog } from './state.ts';

/** How to leave from here, in words. */
export function wayOut(dialog: Dialog | undefined): string {
  return dialog ? 'Esc goes back to the list; Q quits there' : 'Q quits';
}

/** It goes back or quits: all that a key may do where nobody sees what it does. */
export function leadsOut(dialog: Dialog | undefined, key: Key): boolean {
  return key.name === 'escape' || (dialog === undefined && commandOf('list', key) === 'quit');
}
