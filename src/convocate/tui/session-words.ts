import type { Target } from './target.ts';

/** What a session is called: its name, or the head of its UUID where it has none (a home without metadata). */
export function nameOf({ name, uuid }: Pick<Target, 'name' | 'uuid'>): string {
  return name === '' ? uuid.slice(0, 8) : name;
}

export function nameOnHost(session: Pick<Target, 'name' | 'uuid' | 'host'>): string {
  return `${nameOf(session)} on ${session.host}`;
}

/** `count` people are attached, as a sentence about "it". */
export function attachedWords(count: number): string {
  return count === 1 ? 'someone is attached to it' : `${count} are attached to it`;
}
