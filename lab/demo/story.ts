// What the scenes share. Each finds here what the ones before it have made, and adds its own.
import type { Lab } from '../lab.ts';
import type { Presenter } from './presenter.ts';
import type { Moment } from './what-is-there.ts';

export const labName = 'demo';

export interface Scene {
  readonly title: string;
  play(story: Story): Promise<void>;
}

export interface SentBytes {
  readonly host: string;
  readonly bytes: number;
  readonly seconds: number;
}

export class Story {
  readonly show: Presenter;
  readonly #made: Partial<Made> = {};

  constructor(show: Presenter) {
    this.show = show;
  }

  /** Throws where a scene is played before the one that makes what it needs. */
  get<Key extends keyof Made>(key: Key): Made[Key] {
    const value = this.#made[key];
    if (value === undefined) throw new TypeError(`no scene has made "${key}" yet`);
    return value;
  }

  set<Key extends keyof Made>(key: Key, value: Made[Key]): void {
    this.#made[key] = value;
  }
}

interface Made {
  readonly lab: Lab;
  /** Settles when each agent host has the Claude Code program. */
  readonly claudeOnAgents: Promise<void>;
  /** Bytes of the new image as `docker save | gzip` packs it. */
  readonly seedBytes: number;
  readonly sent: readonly SentBytes[];
  readonly before: Moment;
  readonly after: Moment;
}
