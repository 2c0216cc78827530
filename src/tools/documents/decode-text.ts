/** Turns a file's bytes into text, and tells text from what is none. */

/**
 * Decodes UTF-8, UTF-16 with a byte order mark, or else Windows-1252 (a superset of Latin-1). The byte order mark is not part of the text.
 * Gives undefined for binary content: a NUL, or more than one control character in a hundred.
 */
export function decodeText(bytes: Uint8Array): string | undefined {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return new TextDecoder("utf-16le").decode(bytes);
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return new TextDecoder("utf-16be").decode(bytes);
  if (bytes.includes(0)) return undefined;
  try {
    return refuseControls(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    return refuseControls(new TextDecoder("windows-1252").decode(bytes));
  }
}

function refuseControls(text: string): string | undefined {
  let controls = 0;
  for (const _ of text.matchAll(/[\x01-\x08\x0e-\x1a\x1c-\x1f\x7f]/g)) controls++;
  return controls * 100 > text.length ? undefined : text;
}
