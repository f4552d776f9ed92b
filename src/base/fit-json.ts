const NEWLINE_BYTES = 2;

/**
 * The end of `text` that takes at most `maxBytes` as a JSON string: whole lines of it, or a part of the last one where
 * not even that fits. What is cut is cut from the front.
 */
export function endThatFits(text: string, maxBytes: number): string {
  if (jsonBytes(text) <= maxBytes) return text;
  const lines = text.split('\n');
  let from = lines.length;
  for (let bytes = -NEWLINE_BYTES; from > 0; from -= 1) {
    bytes += NEWLINE_BYTES + jsonBytes(lines[from - 1] ?? '');
    if (bytes > maxBytes) break;
  }
  if (from < lines.length) return lines.slice(from).join('\n');
  return endOfLine(lines.at(-1) ?? '', maxBytes);
}

function endOfLine(line: string, maxBytes: number): string {
  const characters = Array.from(line.slice(-maxBytes));
  let from = characters.length;
  for (let bytes = 0; from > 0; from -= 1) {
    bytes += jsonBytes(characters[from - 1] ?? '');
    if (bytes > maxBytes) break;
  }
  return characters.slice(from).join('');
}

/** Without the quotes. */
function jsonBytes(text: string): number {
  return Buffer.byteLength(JSON.stringify(text)) - 2;
}
