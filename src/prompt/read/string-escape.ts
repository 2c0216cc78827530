/** Reads one backslash escape of a string, those that JSON does not have included. */

/** Gives what the escape at `at` stands for, and the offset after it. */
export function readEscape(text: string, at: number): { value: string; next: number } {
  const code = text.charCodeAt(at + 1);
  const plain = escapes.get(code);
  if (plain !== undefined) return { value: plain, next: at + 2 };
  if (code === 117 || code === 120) {
    const digits = text.slice(at + 2, at + (code === 117 ? 6 : 4));
    if (digits.length === (code === 117 ? 4 : 2) && /^[\da-fA-F]+$/.test(digits)) {
      return { value: String.fromCharCode(Number.parseInt(digits, 16)), next: at + 2 + digits.length };
    }
    // A `\u` the text ends in is a cut-off escape; anywhere else it is content, such as a path.
    if (at + 2 + digits.length === text.length && /^[\da-fA-F]*$/.test(digits)) return { value: "", next: text.length };
    return { value: "\\", next: at + 1 };
  }
  if (code === 13 && text.charCodeAt(at + 2) === 10) return { value: "", next: at + 3 };
  if (code === 10 || Number.isNaN(code)) return { value: "", next: at + 2 };
  // A backslash before a letter or digit is content (paths, patterns); before punctuation it only escapes.
  const word = (code >= 48 && code <= 57) || (code >= 65 && code <= 90) || (code >= 97 && code <= 122);
  return word ? { value: "\\", next: at + 1 } : { value: text[at + 1]!, next: at + 2 };
}

/** Takes the escapes out of a string's content. */
export function unescaped(content: string): string {
  let text = "";
  let from = 0;
  for (let at = content.indexOf("\\"); at !== -1; at = content.indexOf("\\", from)) {
    const escaped = readEscape(content, at);
    text += content.slice(from, at) + escaped.value;
    from = escaped.next;
  }
  return text + content.slice(from);
}

const escapes: ReadonlyMap<number, string> = new Map([
  [34, '"'],
  [92, "\\"],
  [47, "/"],
  [98, "\b"],
  [102, "\f"],
  [110, "\n"],
  [114, "\r"],
  [116, "\t"],
]);
