const ESC = 0x1b;
const BEL = 0x07;
const CANCELS = new Set([0x18, 0x1a]);
/** What follows ESC at the beginning of a string that only BEL or ESC \ ends: DCS, SOS, OSC, PM, APC. */
const OPENS_STRING = new Set([0x50, 0x58, 0x5d, 0x5e, 0x5f]);

type State = 'ground' | 'escape' | 'csi' | 'string' | 'string-escape' | 'character';

/**
 * The beginning of a control sequence or a character that `output` ends in the middle of; empty where it does not. The
 * rest of it is still to come: whoever writes something else first must write this beginning again before the rest.
 */
export function cutSequence(output: Uint8Array): Uint8Array {
  let state: State = 'ground';
  let start = 0;
  let missing = 0;
  for (let at = 0; at < output.length; at += 1) {
    const byte = output[at] ?? 0;
    if (state === 'string-escape' && byte !== 0x5c) {
      start = at - 1; // not the end of the string but a new sequence, which breaks it off
      state = 'escape';
    }
    if (state === 'character' && (byte & 0xc0) !== 0x80) state = 'ground';
    const before = state;
    state = next(state, byte);
    if (state === 'character') missing = before === 'character' ? missing - 1 : continuationsOf(byte);
    if (state === 'character' && missing === 0) state = 'ground';
    if (before === 'ground' || (byte === ESC && state === 'escape')) start = at;
  }
  return state === 'ground' ? output.subarray(output.length) : output.subarray(start);
}

function next(state: State, byte: number): State {
  switch (state) {
    case 'ground':
      if (byte === ESC) return 'escape';
      return continuationsOf(byte) > 0 ? 'character' : 'ground';
    case 'character':
      return 'character';
    case 'escape':
      if (byte === ESC || (byte >= 0x20 && byte <= 0x2f)) return 'escape';
      if (byte === 0x5b) return 'csi';
      return OPENS_STRING.has(byte) ? 'string' : 'ground';
    case 'csi':
      if (byte === ESC) return 'escape';
      return CANCELS.has(byte) || (byte >= 0x40 && byte <= 0x7e) ? 'ground' : 'csi';
    case 'string':
      if (byte === ESC) return 'string-escape';
      return byte === BEL || CANCELS.has(byte) ? 'ground' : 'string';
    case 'string-escape':
      return 'ground';
  }
}

/** How many bytes follow the first byte of a UTF-8 character. */
function continuationsOf(byte: number): number {
  if (byte >= 0xf0 && byte <= 0xf4) return 3;
  if (byte >= 0xe0 && byte < 0xf0) return 2;
  return byte >= 0xc2 && byte < 0xe0 ? 1 : 0;
}
