/** How many bytes at the end of `utf8` begin a character whose other bytes are still to come. */
export function unfinishedBytes(utf8: Uint8Array): number {
  for (let count = 1; count <= 3; count += 1) {
    const byte = utf8.at(-count);
    if (byte === undefined) return 0;
    if ((byte & 0xc0) !== 0x80) return lengthBy(byte) > count ? count : 0;
  }
  return 0;
}

/** Of a character, by its first byte. */
function lengthBy(first: number): number {
  if (first >= 0xf0 && first <= 0xf4) return 4;
  if (first >= 0xe0 && first < 0xf0) return 3;
  return first >= 0xc2 && first < 0xe0 ? 2 : 1;
}
