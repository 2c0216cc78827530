/** Takes out of text what could steer a terminal: documents, models and errors are not to be trusted. */

/** Whole escape sequences: those with a string up to its end, CSI, and the short ones. Each scan ends where the next could begin, so that it takes time in proportion to the text. */
const sequences =
  /(?:\x1b[\]PX^_]|[\x90\x98\x9d\x9e\x9f])[^\x07\x1b\x90\x98\x9b-\x9f]*(?:\x07|\x1b\\|\x9c)|(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]|\x1b[ -/]*[0-Z\\^-~]/g;
/** All other control characters but tab and line feed, and the marks that turn the direction of text. */
const controls = /[\x00-\x08\x0b-\x1f\x7f-\x9f\p{Bidi_Control}]/gu;
/** What JSON leaves as it is and a terminal, or a reader of lines, does not. */
const unsafeInJson = /[\x7f-\x9f\p{Bidi_Control}\u2028\u2029]/gu;

/** Gives the text without escape sequences, control characters (tab and line feed stay) and bidi marks. */
export function plainText(text: string): string {
  return text.replaceAll("\r\n", "\n").replace(sequences, "").replace(controls, "");
}

/** Gives the text as one plain line of at most `most` characters. */
export function plainLine(text: string, most = 2_000): string {
  // Cut first as well: the text of an error may be megabytes.
  const line = plainText(text.slice(0, most * 4))
    .replace(/\s+/g, " ")
    .trim();
  return line.length <= most ? line : `${line.slice(0, most - 1)}…`;
}

/** Gives a value as one line of JSON; what could steer a terminal is escaped, so that no character is lost. */
export function jsonLine(value: unknown): string {
  const escaped = (character: string) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
  return `${JSON.stringify(value).replace(unsafeInJson, escaped)}\n`;
}
