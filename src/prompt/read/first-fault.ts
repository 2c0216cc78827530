/** Finds where a text stops being JSON, so that a strict refusal can name the place. */

const word = /[A-Za-z\d+.-]+/y;
const scalar = /^(?:true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)$/;
const plain = /[^"\\\x00-\x1f]+/y;
const escapedPart = /\\(?:["\\/bfnrt]|u[\da-fA-F]{0,4})?/y;

/**
 * Gives the offset of the first character, or of the number or word, that JSON cannot have there; the text's length when
 * it is JSON or could go on. Takes one pass.
 */
export function firstFault(text: string): number {
  const closers: string[] = [];
  let expected: "value" | "first" | "key" | "colon" | "after" = "value";
  let at = 0;
  while (at < text.length) {
    const char = text[at]!;
    const closer = closers.at(-1);
    const isKey: boolean = expected === "key" || (expected === "first" && closer === "}");
    let end = at + 1;
    if (char === closer && (expected === "first" || expected === "after")) {
      closers.pop();
      expected = "after";
    } else if (expected === "colon" && char === ":") expected = "value";
    else if (expected === "after" && char === "," && closer !== undefined) expected = closer === "]" ? "value" : "key";
    else if (!" \n\r\t".includes(char)) {
      if (expected === "colon" || expected === "after" || (isKey && char !== '"')) return at;
      expected = isKey ? "colon" : "after";
      if (char === "{" || char === "[") {
        closers.push(char === "{" ? "}" : "]");
        expected = "first";
      } else if (char === '"') {
        const string = readString(text, end);
        if (!string.closed) return string.end;
        end = string.end;
      } else {
        const found = matchAt(word, text, at);
        end = at + found.length;
        const mayGoOn = found !== "" && end === text.length && closer !== undefined;
        if (!mayGoOn && !scalar.test(found)) return at;
      }
    }
    at = end;
  }
  return at;
}

/** Gives the offset after a string's closing quote, or of what cannot be in it. */
function readString(text: string, start: number): { readonly end: number; readonly closed: boolean } {
  let end = start;
  for (;;) {
    end += matchAt(plain, text, end).length;
    if (text[end] === '"') return { end: end + 1, closed: true };
    const escaped = matchAt(escapedPart, text, end);
    end += escaped.length;
    if (escaped.length !== (escaped[1] === "u" ? 6 : 2)) return { end, closed: false };
  }
}

function matchAt(sticky: RegExp, text: string, at: number): string {
  sticky.lastIndex = at;
  return sticky.exec(text)?.[0] ?? "";
}
