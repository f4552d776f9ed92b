import { describe, expect, test } from 'vitest';
import { ALLOWED, STATE_LETTER, type SessionAction, type SessionState, stateOf } from './session-actions.ts';

const STATES = [
  'stopped',
  'running',
  'connected',
  'locked',
  'damaged',
  'orphan',
] as const satisfies SessionState[];
const ACTIONS = [
  'attach',
  'kill',
  'restart',
  'edit',
  'clone',
  'delete',
  'background',
  'override',
  'send',
  'screen',
] as const satisfies SessionAction[];

describe('the table', () => {
  test('says yes or no for every action in every state', () => {
    expect(Object.keys(ALLOWED)).toEqual(STATES);
    for (const state of STATES) {
      expect(Object.keys(ALLOWED[state]), state).toEqual(ACTIONS);
      for (const action of ACTIONS)
        expect(typeof ALLOWED[state][action], `${state} ${action}`).toBe('boolean');
    }
  });

  test('as a picture: what an operator may do when', () => {
    const picture = STATES.map((state) =>
      [state, ...ACTIONS.filter((action) => !ALLOWED[state][action])].join(' '),
    );
    expect(picture).toEqual([
      'stopped send screen',
      'running restart',
      'connected restart',
      'locked attach kill restart edit clone delete send',
      'damaged attach restart edit clone send',
      'orphan attach kill restart edit background override send screen',
    ]);
  });

  test('never leaves a session without a way out', () => {
    for (const state of STATES) expect(ALLOWED[state].override || ALLOWED[state].delete, state).toBe(true);
  });
});

test('each state has a letter of its own', () => {
  expect(STATE_LETTER).toEqual({
    stopped: '-',
    running: 'R',
    connected: 'C',
    locked: 'L',
    damaged: '!',
    orphan: 'O',
  });
});

test.each([
  [{ running: false, attached: 0, locked: false }, 'stopped'],
  [{ running: true, attached: 0, locked: false }, 'running'],
  [{ running: true, attached: 2, locked: false }, 'connected'],
  [{ running: false, attached: 1, locked: false }, 'stopped'],
  [{ running: true, attached: 2, locked: true }, 'locked'],
  [{ running: true, attached: 2, locked: true, damaged: 'its metadata is not JSON' }, 'damaged'],
  [{ running: false, attached: 0, locked: false, orphan: true }, 'orphan'],
  [{ running: true, attached: 0, locked: false, damaged: undefined }, 'running'],
  [{ running: true, attached: 0, locked: false, damaged: '' }, 'running'],
] as const)('%j is %s', (session, state) => {
  expect(stateOf(session)).toBe(state);
});
