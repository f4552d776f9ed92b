import { endThatFits } from '../../../base/fit-json.ts';
import { RpcError } from '../../../protocol/error-codes.ts';
import { LIMITS } from '../../../protocol/limits.ts';
import type { RpcParams, Screen } from '../../../protocol/rpc.ts';
import type { Agent } from '../agent.ts';
import { requireAllowed } from '../change.ts';
import { findEntry } from '../describe-session.ts';
import { PANE, runTmux } from '../session-tmux.ts';

const TITLE_CHARACTERS = 256;
/** Of the answer's line; the rest of the answer needs the difference. */
const TEXT_BYTES = LIMITS.lineBytes - 8 * 1024;
/** The shell waits for `readCallMs` and is to hear why there is no screen. */
const WITHIN_MS = LIMITS.readCallMs - 2_000;
/** More than a terminal has, and than a line of it takes where every other cell is of another colour. */
const MOST_ROWS = 1_000;
const LINE_BYTES = 4 * 1024;
/** After the text, on a line of its own; the title is last because only it may hold spaces. */
const STATE = `#{pane_width} #{pane_height} #{cursor_flag} #{cursor_x} #{cursor_y} #{=${TITLE_CHARACTERS}:pane_title}`;
const STATE_LINE = /^(?<cols>\d+) (?<rows>\d+) (?<shown>[01]) (?<x>\d+) (?<y>\d+) (?<title>.*)$/;

/**
 * What the session's terminal shows, with as many lines above it as are asked for; of what is too much for one answer
 * the top is left out. Throws `conflict` where the session does not run.
 */
export async function readScreen(agent: Agent, params: RpcParams<'screen'>): Promise<Screen> {
  const { id, scrollback = 0, styled = false } = params;
  await requireAllowed(agent, await findEntry(agent, id), 'screen', await agent.locks.stale(id));
  const from = scrollback > 0 ? ['-S', `-${scrollback}`] : [];
  const capture = ['capture-pane', '-p', ...(styled ? ['-e'] : []), ...from, '-t', PANE];
  const state = ['display-message', '-p', '-t', PANE, STATE];
  const options = {
    keepBytes: LIMITS.lineBytes,
    mostBytes: (MOST_ROWS + scrollback) * LINE_BYTES,
    withinMs: WITHIN_MS,
  };
  return screenFrom(await runTmux(agent, id, [capture, state], options));
}

/** From the lines of the screen and the one that tells its state. Pure. */
export function screenFrom(output: string): Screen {
  const lines = output.replace(/\n$/, '').split('\n');
  const state = STATE_LINE.exec(lines.pop() ?? '')?.groups;
  if (!state)
    throw new RpcError('conflict', 'the terminal of the session gave no answer that can be understood');
  const cursor = { x: Number(state['x']), y: Number(state['y']) };
  return {
    text: endThatFits(lines.join('\n'), TEXT_BYTES),
    cols: Number(state['cols']),
    rows: Number(state['rows']),
    title: Array.from(state['title'] ?? '')
      .slice(0, TITLE_CHARACTERS)
      .join(''),
    ...(state['shown'] === '1' && { cursor }),
  };
}
