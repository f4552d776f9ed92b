import type { Key } from './events.ts';

/**
 * Every key there is: what it is, what it does, and where. What a key press leads to is looked up here, and the help and
 * the bottom line are written from it, so that neither can tell of a key that is not there.
 */
export interface Binding {
  /** What is done, as the files `*-keys.ts` have it. */
  readonly command: string;
  /** As {@link nameOfKey} names them. */
  readonly keys: readonly string[];
  /** The keys as the help shows them. */
  readonly shown: string;
  readonly does: string;
  /** For the bottom line, where it is worth a place there; the first are the most important ones. */
  readonly short?: string;
}

/** Where a key counts, and under which heading the help tells of it. */
export const PLACES = {
  list: 'The list',
  question: 'A question (yes or no)',
  form: 'A form',
  filter: 'The filter line',
  agents: 'Choosing an agent',
  settings: 'The settings',
  page: 'Help, log and messages',
  anywhere: 'Anywhere',
} as const;
export type Place = keyof typeof PLACES;

const UP = { command: 'up', keys: ['up'], shown: 'Up', does: 'one up' } as const;
const DOWN = { command: 'down', keys: ['down'], shown: 'Down', does: 'one down' } as const;
const PAGES = [
  { command: 'pageUp', keys: ['pageUp'], shown: 'PgUp', does: 'one page up' },
  { command: 'pageDown', keys: ['pageDown'], shown: 'PgDn', does: 'one page down' },
] as const;
const ENDS = [
  { command: 'home', keys: ['home'], shown: 'Home', does: 'to the first' },
  { command: 'end', keys: ['end'], shown: 'End', does: 'to the last' },
] as const;
const BACK = { command: 'back', keys: ['escape'], shown: 'Esc', does: 'back', short: 'Esc back' } as const;
const TEXT = [
  { command: 'left', keys: ['left'], shown: 'Left', does: 'one character back' },
  { command: 'right', keys: ['right'], shown: 'Right', does: 'one character on' },
  { command: 'home', keys: ['home'], shown: 'Home', does: 'to the start of the text' },
  { command: 'end', keys: ['end'], shown: 'End', does: 'to its end' },
  { command: 'backspace', keys: ['backspace'], shown: 'Backspace', does: 'removes the character before' },
  { command: 'delete', keys: ['delete'], shown: 'Delete', does: 'removes the character after' },
  { command: 'clear', keys: ['ctrl-u'], shown: 'Ctrl-U', does: 'removes all before the cursor' },
] as const;

export const KEY_TABLE = {
  list: [
    {
      command: 'attach',
      keys: ['enter'],
      shown: 'Enter',
      does: 'attach; starts a stopped session',
      short: 'Enter attach',
    },
    { command: 'new', keys: ['n'], shown: 'N', does: 'new session', short: '(N)ew' },
    { command: 'kill', keys: ['k'], shown: 'K', does: 'kill: stop it, its home stays', short: '(K)ill' },
    {
      command: 'restart',
      keys: ['r'],
      shown: 'R',
      does: "restart a stopped one, on its agent's current image",
      short: '(R)estart',
    },
    { command: 'help', keys: ['?'], shown: '?', does: 'this help', short: '? help' },
    { command: 'quit', keys: ['q'], shown: 'Q', does: 'quit; sessions go on', short: '(Q)uit' },
    { command: 'filter', keys: ['/'], shown: '/', does: 'show only what has these words', short: '/ filter' },
    {
      command: 'clone',
      keys: ['c'],
      shown: 'C',
      does: 'clone: a new one with a copy of its home',
      short: '(C)lone',
    },
    { command: 'edit', keys: ['e'], shown: 'E', does: 'edit name, port and DNS name', short: '(E)dit' },
    {
      command: 'delete',
      keys: ['d'],
      shown: 'D',
      does: 'delete it and its home, for ever',
      short: '(D)elete',
    },
    {
      command: 'background',
      keys: ['b'],
      shown: 'B',
      does: 'background: detach everyone, it goes on',
      short: '(B)ackground',
    },
    { command: 'override', keys: ['o'], shown: 'O', does: 'clear a lock left behind', short: '(O)verride' },
    {
      command: 'settings',
      keys: ['s'],
      shown: 'S',
      does: 'versions, images and settings of the agents',
      short: '(S)ettings',
    },
    {
      command: 'view',
      keys: ['v'],
      shown: 'V',
      does: 'attach to a running one, only to watch',
      short: 'v view',
    },
    { command: 'log', keys: ['l'], shown: 'L', does: 'what its container printed', short: 'l log' },
    {
      command: 'messages',
      keys: ['m'],
      shown: 'M',
      does: 'what was told on the notice line',
      short: 'm messages',
    },
    {
      command: 'attention',
      keys: ['!'],
      shown: '!',
      does: 'only those that need someone, or all',
      short: '! needs you',
    },
    {
      command: 'olderImages',
      keys: ['u'],
      shown: 'U',
      does: 'only those on older images, or all',
      short: 'u older',
    },
    {
      command: 'agent',
      keys: ['a'],
      shown: 'A',
      does: 'only the next agent, and after the last all',
      short: 'a agent',
    },
    { command: 'sort', keys: ['t'], shown: 'T', does: 'sort by the next column', short: 't sort' },
    UP,
    DOWN,
    ...PAGES,
    ...ENDS,
    { command: 'back', keys: ['escape'], shown: 'Esc', does: 'take back a filter; never quits' },
  ],
  question: [
    { command: 'yes', keys: ['y'], shown: 'Y', does: 'yes, at once', short: '(Y)es' },
    { command: 'no', keys: ['n'], shown: 'N', does: 'no', short: '(N)o' },
    {
      command: 'other',
      keys: ['left', 'right', 'tab', 'shift-tab'],
      shown: 'Left Right Tab',
      does: 'to the other answer',
    },
    {
      command: 'choose',
      keys: ['enter'],
      shown: 'Enter',
      does: 'the answer that is marked',
      short: 'Enter choose',
    },
    BACK,
  ],
  form: [
    { command: 'send', keys: ['enter'], shown: 'Enter', does: 'send, from any field', short: 'Enter send' },
    { command: 'nextField', keys: ['tab', 'down'], shown: 'Tab Down', does: 'next field', short: 'Tab next' },
    { command: 'previousField', keys: ['shift-tab', 'up'], shown: 'Shift-Tab Up', does: 'field before' },
    { command: 'walk', keys: ['space'], shown: 'Space', does: 'next choice, as Left and Right do' },
    ...TEXT,
    BACK,
  ],
  filter: [
    { command: 'keep', keys: ['enter'], shown: 'Enter', does: 'keep the filter', short: 'Enter keep' },
    UP,
    DOWN,
    ...PAGES,
    ...TEXT,
    BACK,
  ],
  agents: [
    { command: 'choose', keys: ['enter'], shown: 'Enter', does: 'make it there', short: 'Enter choose' },
    UP,
    DOWN,
    ...ENDS,
    BACK,
  ],
  settings: [
    {
      command: 'open',
      keys: ['enter'],
      shown: 'Enter',
      does: "change this agent's settings; ask again where none came",
      short: 'Enter change',
    },
    UP,
    DOWN,
    ...PAGES,
    ...ENDS,
    { ...BACK, keys: ['escape', 'q'], shown: 'Esc Q' },
  ],
  page: [UP, DOWN, ...PAGES, ...ENDS, { ...BACK, keys: ['escape', 'q'], shown: 'Esc Q' }],
  anywhere: [{ command: 'interrupt', keys: ['ctrl-c'], shown: 'Ctrl-C', does: 'nothing; tells how to quit' }],
} as const satisfies Record<Place, readonly Binding[]>;

export type Command<P extends Place> = (typeof KEY_TABLE)[P][number]['command'];

/** What `key` means at `place`; undefined where it means nothing. Letters count in either case. */
export function commandOf<P extends Place>(place: P, key: Key): Command<P> | undefined {
  const name = nameOfKey(key);
  const bindings: readonly Binding[] = KEY_TABLE[place];
  return bindings.find(({ keys }) => keys.includes(name))?.command as Command<P> | undefined;
}

/** `k`, `!`, `space`, `pageUp`, `shift-tab`, `ctrl-c`; empty for pasted text, which never counts as keys, be it one letter. */
export function nameOfKey(key: Key): string {
  if (key.name === 'ctrl') return `ctrl-${key.letter.toLowerCase()}`;
  if (key.name === 'text') return key.pasted ? '' : nameOfText(key.text);
  return key.name === 'tab' && key.shift ? 'shift-tab' : key.name;
}

function nameOfText(text: string): string {
  if (text === ' ') return 'space';
  return text.length === 1 ? text.toLowerCase() : '';
}
