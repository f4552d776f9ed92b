import type { ShellClient } from '../../cluster/shell-client.ts';
import { Bell } from '../attach/bell.ts';
import { attachAndTell } from './attach-and-tell.ts';
import { carryOut } from './carry-out.ts';
import { watchCluster } from './cluster-source.ts';
import { DrawnScreen } from './drawn-screen.ts';
import type { Effect, Step, TuiEvent } from './events.ts';
import { PreviewSource } from './preview-source.ts';
import { listenToProcess, terminalGone } from './process-events.ts';
import { type TuiState, initialState } from './state.ts';
import type { Target } from './target.ts';
import { KeyReader } from './terminal/key-reader.ts';
import { noticeSequence } from './terminal/screen-modes.ts';
import { StrayKeys } from './terminal/stray-keys.ts';
import { UiTerminal } from './terminal/ui-terminal.ts';
import type { Look } from './view/line.ts';
import { safe } from './view/text-width.ts';
import { WhileAttached } from './while-attached.ts';

export interface TuiOptions {
  readonly shell: ShellClient;
  /** What follows from an event. */
  readonly step: (state: TuiState, event: TuiEvent) => Step<TuiState>;
  readonly look: Look;
}

/** A service that is warm answers within this time; until then nothing is drawn that would change at once. */
const FIRST_FRAME_MS = 50;
const TICK_MS = 1_000;

/**
 * Runs the terminal UI on the operator's terminal until they quit. Rejects with what ended it otherwise: a signal, a
 * terminal that is gone, a bug. The terminal is as it was on every way out. RefusedError where there is no terminal.
 * Calls that are on their way are carried out by the service all the same: whoever called this need not wait for them, and
 * ends the process.
 */
export async function runTui(options: TuiOptions): Promise<void> {
  await new Tui(options).run();
}

class Tui {
  readonly #options: TuiOptions;
  readonly #terminal = new UiTerminal();
  readonly #screen: DrawnScreen;
  readonly #preview: PreviewSource;
  readonly #over = Promise.withResolvers<void>();
  #keys: KeyReader | undefined;
  #state: TuiState;
  #isOver = false;
  readonly #ended = new AbortController();
  /** What the preview is about, to go on with it after an attach. */
  #previewed: Target | undefined;
  /** While a session has the terminal. */
  #away: WhileAttached | undefined;
  /** Settles when the terminal is free of the session that has it just now. */
  #attached: Promise<void> | undefined;

  constructor(options: TuiOptions) {
    this.#options = options;
    this.#state = initialState({ cols: 80, rows: 24 }, Date.now());
    this.#screen = new DrawnScreen({
      terminal: this.#terminal,
      look: options.look,
      state: () => this.#state,
      onError: (error) => this.#end(error),
    });
    this.#preview = new PreviewSource({
      ask: async ({ agentId, uuid }) =>
        await options.shell.call(agentId, 'screen', { id: uuid, styled: true }),
      tell: (event) => this.#tell(event),
    });
  }

  async run(): Promise<void> {
    this.#takeTerminal();
    const stopListening = listenToProcess({
      onEnd: (error) => this.#end(error),
      onResize: () => this.#onResize(),
      onContinue: () => this.#onContinue(),
      onExit: () => this.#terminal.leave(),
    });
    const source = watchCluster(this.#options.shell, this.#state.cluster, (cluster, first) =>
      this.#tell({ kind: 'cluster', cluster, first, atMs: Date.now() }),
    );
    const firstFrame = setTimeout(() => this.#screen.show(), FIRST_FRAME_MS);
    const ticks = setInterval(() => this.#tell({ kind: 'tick', atMs: Date.now() }), TICK_MS);
    try {
      await this.#over.promise;
    } finally {
      clearTimeout(firstFrame);
      clearInterval(ticks);
      source.close();
      this.#preview.close();
      this.#keys?.close();
      this.#screen.close();
      await this.#attached;
      this.#terminal.leave();
      stopListening();
    }
  }

  /** The first reason counts; without one the operator has quit. */
  #end(error?: unknown): void {
    this.#isOver = true;
    this.#ended.abort();
    if (error === undefined) this.#over.resolve();
    else this.#over.reject(error);
  }

  /** Everything that happens comes through here. */
  #tell(event: TuiEvent): void {
    if (this.#isOver) return;
    try {
      const { state, effects } = this.#options.step(this.#state, event);
      this.#state = state;
      this.#screen.follow(event);
      for (const effect of effects) this.#perform(effect);
    } catch (error) {
      this.#end(error);
    }
  }

  #perform(effect: Effect): void {
    switch (effect.kind) {
      case 'call':
        void carryOut(this.#options.shell, effect.call, (event) => this.#tell(event));
        return;
      case 'attach':
        this.#attached ??= this.#attach(effect.target, effect.readOnly);
        return;
      case 'preview':
        this.#previewed = effect.target;
        if (!this.#attached) this.#preview.show(effect.target);
        return;
      case 'notify':
        if (this.#away) this.#away.startedToWait(effect.sessions);
        else this.#terminal.write(noticeSequence(safe(effect.text)));
        return;
      case 'quit':
        this.#end();
    }
  }

  async #attach(target: Target, readOnly: boolean): Promise<void> {
    this.#preview.show(undefined);
    // What was typed behind the key that attaches was meant for the session.
    const typed = this.#keys?.close();
    this.#terminal.leave();
    const bell = new Bell();
    const away = new WhileAttached(target, bell);
    this.#away = away;
    const options = { readOnly, ended: this.#ended.signal, typed, bell };
    const { message, isTheirs } = await attachAndTell(this.#options.shell, target, options);
    this.#attached = undefined;
    this.#away = undefined;
    if (this.#isOver) return;
    const onStray = (): void => this.#tell({ kind: 'stray keys' });
    try {
      this.#takeTerminal(isTheirs ? undefined : new StrayKeys(performance.now(), onStray));
    } catch (error) {
      this.#end(error);
      return;
    }
    this.#preview.show(this.#previewed);
    this.#tell({ kind: 'back', message, missed: away.missed, atMs: Date.now() });
  }

  #takeTerminal(stray?: StrayKeys): void {
    this.#keys = new KeyReader((key) => this.#tell({ kind: 'key', key, atMs: Date.now() }), stray);
    this.#terminal.take({
      onBytes: (bytes) => this.#keys?.push(bytes),
      onFree: () => this.#screen.onFree(),
      onEnd: () => this.#end(terminalGone()),
    });
    this.#onResize();
  }

  #onResize(): void {
    const size = this.#terminal.size();
    if (!size) return;
    this.#screen.forget();
    this.#tell({ kind: 'size', size, atMs: Date.now() });
  }

  #onContinue(): void {
    if (!this.#terminal.isTaken) return;
    this.#terminal.takeAgain();
    this.#onResize();
  }
}
