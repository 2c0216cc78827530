/** Reads the grammar language of llama.cpp, as far as it is used here, and tells whether a text is one of a grammar. */

type Node =
  | { readonly kind: "choice" | "sequence"; readonly parts: readonly Node[] }
  | { readonly kind: "repeat"; readonly part: Node; readonly least: number; readonly most: number }
  | { readonly kind: "one"; readonly takes: (code: number) => boolean }
  | { readonly kind: "rule"; readonly name: string };

/** Tells whether the whole text can be written by the rule `root`. */
export function acceptsText(grammar: string, text: string): boolean {
  const rules = new Map(
    grammar.split("\n").map((line) => {
      const [, name, body] = /^([a-z][a-z0-9-]*) ::= (.*)$/.exec(line)!;
      return [name!, new GrammarReader(body!).choice()] as const;
    }),
  );
  const codes = [...text].map((character) => character.codePointAt(0)!);
  return match(rules.get("root")!, new Set([0]), codes, rules).has(codes.length);
}

/** Gives every place a node can end at, from every place it may start at. */
function match(
  node: Node,
  starts: ReadonlySet<number>,
  codes: readonly number[],
  rules: ReadonlyMap<string, Node>,
): Set<number> {
  if (starts.size === 0) return new Set();
  switch (node.kind) {
    case "rule": {
      const rule = rules.get(node.name);
      if (rule === undefined) throw new Error(`there is no rule ${node.name}`);
      return match(rule, starts, codes, rules);
    }
    case "one":
      return new Set([...starts].filter((at) => at < codes.length && node.takes(codes[at]!)).map((at) => at + 1));
    case "sequence":
      return node.parts.reduce<Set<number>>((at, part) => match(part, at, codes, rules), new Set(starts));
    case "choice":
      return new Set(node.parts.flatMap((part) => [...match(part, starts, codes, rules)]));
    case "repeat": {
      const ends = new Set(node.least === 0 ? starts : []);
      let at = new Set(starts);
      for (let count = 1; count <= node.most && at.size > 0; count++) {
        const next = match(node.part, at, codes, rules);
        at = count < node.least ? next : new Set([...next].filter((end) => !ends.has(end)));
        if (count >= node.least) for (const end of at) ends.add(end);
      }
      return ends;
    }
  }
}

class GrammarReader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  choice(): Node {
    const parts = [this.#sequence()];
    while (this.#take("|")) parts.push(this.#sequence());
    if (this.#at < this.#text.length && this.#text[this.#at] !== ")")
      throw new Error(`unread: ${this.#text.slice(this.#at)}`);
    return { kind: "choice", parts };
  }

  #sequence(): Node {
    const parts: Node[] = [];
    for (;;) {
      this.#skip();
      const next = this.#text[this.#at];
      if (next === undefined || next === "|" || next === ")") return { kind: "sequence", parts };
      parts.push(this.#repeated(this.#item(next)));
    }
  }

  #item(next: string): Node {
    if (next === '"') return this.#literal();
    if (next === "[") return this.#set();
    if (this.#take("(")) {
      const inner = this.choice();
      if (!this.#take(")")) throw new Error("a group is not closed");
      return inner;
    }
    const name = /^[a-z][a-z0-9-]*/.exec(this.#text.slice(this.#at))![0];
    this.#at += name.length;
    return { kind: "rule", name };
  }

  #repeated(part: Node): Node {
    const [mark = "", least, comma, most] = /^(?:[?*+]|\{(\d+)(,(\d*))?\})/.exec(this.#text.slice(this.#at)) ?? [];
    this.#at += mark.length;
    if (mark === "") return part;
    if (least !== undefined)
      return { kind: "repeat", part, least: +least, most: comma === undefined ? +least : +(most || Infinity) };
    return { kind: "repeat", part, least: mark === "+" ? 1 : 0, most: mark === "?" ? 1 : Infinity };
  }

  #literal(): Node {
    const parts: Node[] = [];
    this.#at += 1;
    while (this.#text[this.#at] !== '"') {
      const wanted = this.#character();
      parts.push({ kind: "one", takes: (code) => code === wanted });
    }
    this.#at += 1;
    return { kind: "sequence", parts };
  }

  #set(): Node {
    this.#at += 1;
    const others = this.#text[this.#at] === "^";
    if (others) this.#at += 1;
    const ranges: (readonly [number, number])[] = [];
    while (this.#text[this.#at] !== "]") {
      const first = this.#character();
      const isRange = this.#text[this.#at] === "-" && this.#text[this.#at + 1] !== "]";
      if (isRange) this.#at += 1;
      ranges.push([first, isRange ? this.#character() : first]);
    }
    this.#at += 1;
    return { kind: "one", takes: (code) => ranges.some(([from, to]) => code >= from && code <= to) !== others };
  }

  #character(): number {
    const code = this.#text.codePointAt(this.#at);
    if (code === undefined) throw new Error("a literal is not closed");
    this.#at += code > 0xffff ? 2 : 1;
    if (code !== 92) return code;
    const mark = this.#text[this.#at++]!;
    if (mark !== "x") return { n: 10, r: 13, t: 9 }[mark] ?? mark.charCodeAt(0);
    this.#at += 2;
    return Number.parseInt(this.#text.slice(this.#at - 2, this.#at), 16);
  }

  #take(mark: string): boolean {
    this.#skip();
    if (this.#text[this.#at] !== mark) return false;
    this.#at += 1;
    return true;
  }

  #skip(): void {
    while (this.#text[this.#at] === " ") this.#at += 1;
  }
}
