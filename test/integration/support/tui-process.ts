// The terminal UI with a step that does the least: Q quits, Enter attaches to the first session, X and Y are bugs; a session
// that waits is told of at every change.
import { describeError, exitCodeOf } from '../../../src/base/report-error.ts';
import { openShell } from '../../../src/convocate/commands/open-shell.ts';
import type { Effect, Step, TuiEvent } from '../../../src/convocate/tui/events.ts';
import { runTui } from '../../../src/convocate/tui/run-tui.ts';
import { type Message, type TuiState, keyOf } from '../../../src/convocate/tui/state.ts';
import { targetOf } from '../../../src/convocate/tui/target.ts';

function step(state: TuiState, event: TuiEvent): Step<TuiState> {
  const [first] = state.cluster.sessions.values();
  switch (event.kind) {
    case 'cluster': {
      const waiting = [...event.cluster.sessions.values()].filter(
        ({ activity }) => activity?.state === 'waiting',
      );
      const notify: Effect = { kind: 'notify', text: 'someone waits', sessions: waiting.map(keyOf) };
      return {
        state: { ...state, cluster: event.cluster },
        effects: waiting.length > 0 && !event.first ? [notify] : [],
      };
    }
    case 'size':
      return { state: { ...state, size: event.size }, effects: [] };
    case 'back':
      return { state: { ...state, notice: cameBack(event) }, effects: [] };
    case 'key': {
      if (event.key.name === 'enter' && first)
        return {
          state: { ...state, list: { ...state.list, selected: keyOf(first) } },
          effects: [{ kind: 'attach', target: targetOf(first), readOnly: false }],
        };
      return { state, effects: event.key.name === 'text' ? effectsOf(event.key.text) : [] };
    }
    default:
      return { state, effects: [] };
  }
}

function cameBack({ message, missed = [] }: Extract<TuiEvent, { kind: 'back' }>): Message {
  return missed.length === 0 ? message : { ...message, text: `missed ${missed.length}: ${message.text}` };
}

function effectsOf(letter: string): readonly Effect[] {
  if (letter === 'x') throw new Error('a bug in a step');
  if (letter === 'y') {
    setTimeout(() => {
      throw new Error('a bug that nobody caught');
    }, 1);
  }
  return letter === 'q' ? [{ kind: 'quit' }] : [];
}

try {
  await runTui({
    shell: openShell(),
    step,
    look: { color: true },
  });
} catch (error) {
  process.stderr.write(`${describeError(error)}\n`);
  process.exitCode = exitCodeOf(error);
}
