/** Reads a regular expression into a tree, so that its running time can be judged before any text meets it. */

/** A part of a pattern. */
export type PatternNode =
  /** One code point out of a set, written as in the source. */
  | { readonly kind: "set"; readonly source: string }
  | { readonly kind: "sequence" | "choice"; readonly parts: readonly PatternNode[] }
  | { readonly kind: "repeat"; readonly body: PatternNode; readonly least: number; readonly most: number }
  | { readonly kind: "edge"; readonly edge: "start" | "end" | "word" | "inWord" }
  /** A look ahead or behind. */
  | { readonly kind: "look"; readonly body: PatternNode }
  /** What a group matched before, once more. */
  | { readonly kind: "again" };

/** Reads a pattern that is known to compile with the `u` flag. */
export function patternTree(source: string): PatternNode {
  return new PatternReader(source).choice("");
}

class PatternReader {
  readonly #source: string;
  #at = 0;

  constructor(source: string) {
    this.#source = source;
  }

  /** Reads up to a closing bracket or the end. `modifiers` stand before every set in it, as in `(?i:`. */
  choice(modifiers: string): PatternNode {
    const parts: PatternNode[] = [this.#sequence(modifiers)];
    while (this.#source[this.#at] === "|") {
      this.#at++;
      parts.push(this.#sequence(modifiers));
    }
    return parts.length === 1 ? parts[0]! : { kind: "choice", parts };
  }

  #sequence(modifiers: string): PatternNode {
    const parts: PatternNode[] = [];
    while (this.#at < this.#source.length && !"|)".includes(this.#source[this.#at]!)) {
      const atom = this.#atom(modifiers);
      parts.push(this.#repeated(atom));
    }
    return parts.length === 1 ? parts[0]! : { kind: "sequence", parts };
  }

  #repeated(body: PatternNode): PatternNode {
    const [all, counted] = this.#take(/(?:[*+?]|\{(\d+(?:,\d*)?)\})\??/y) ?? [];
    if (all === undefined) return body;
    if (counted === undefined) {
      const least = all.startsWith("+") ? 1 : 0;
      return { kind: "repeat", body, least, most: all.startsWith("?") ? 1 : Number.POSITIVE_INFINITY };
    }
    const [least = "0", most] = counted.split(",");
    const upper = most === undefined ? Number(least) : most === "" ? Number.POSITIVE_INFINITY : Number(most);
    return { kind: "repeat", body, least: Number(least), most: upper };
  }

  #atom(modifiers: string): PatternNode {
    if (this.#source[this.#at] === "(") return this.#group(modifiers);
    const [edge] = this.#take(/[$^]|\\[bB]/y) ?? [];
    if (edge !== undefined) return { kind: "edge", edge: edges[edge]! };
    if (this.#take(/\\(?:k<[^>]*>|[1-9]\d*)/y) !== undefined) return { kind: "again" };
    const [set = ""] = this.#take(setText) ?? [];
    return { kind: "set", source: modifiers === "" ? set : `${modifiers}${set})` };
  }

  #group(modifiers: string): PatternNode {
    const [, look, own] = this.#take(/\((?:\?(<?[=!])|\?<[^>]*>|(\?[a-z-]*:))?/y) ?? [];
    const changes = own === undefined || own === "?:" ? modifiers : `${modifiers === "" ? "" : modifiers}(${own}`;
    const body = this.choice(changes);
    this.#at++;
    return look === undefined ? body : { kind: "look", body };
  }

  #take(expression: RegExp): RegExpExecArray | undefined {
    expression.lastIndex = this.#at;
    const found = expression.exec(this.#source) ?? undefined;
    if (found !== undefined) this.#at = expression.lastIndex;
    return found;
  }
}

const edges: Readonly<Record<string, "start" | "end" | "word" | "inWord">> = {
  "^": "start",
  $: "end",
  "\\b": "word",
  "\\B": "inWord",
};

// A class, an escape (two halves of one code point are one), or any other code point.
const setText =
  /\[(?:\\.|[^\]\\])*\]|\\u[dD][89abAB][\da-fA-F]{2}\\u[dD][c-fC-F][\da-fA-F]{2}|\\(?:u\{[^}]*\}|u[\da-fA-F]{4}|x[\da-fA-F]{2}|[pP]\{[^}]*\}|c[A-Za-z]|.)|./suy;
