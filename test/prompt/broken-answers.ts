/** Breaks answers in every way models and copying do, with the value each broken text still means. */

/** One broken text. */
export interface BrokenAnswer {
  readonly text: string;
  readonly value: unknown;
}

/** One way to break answers. */
export interface Damage {
  readonly name: string;
  readonly answers: readonly BrokenAnswer[];
}

const shapes: readonly unknown[] = [
  { title: "Bees", count: 3 },
  { title: "A dance, with turns", tags: ["sun", "hive"], done: true, next: null },
  {
    rows: [
      { id: 1, name: "Ada" },
      { id: 2, name: "Bob" },
    ],
    total: 2.5,
  },
  { outer: { inner: { deep: ["x", "y"] }, flag: false }, last: "z" },
  [{ key: "first" }, { key: "second" }],
  { text: "line one\nline two", note: "tab\there" },
  { url: "https://a.example/b?c=1", when: "2024-01-05T10:00:00Z" },
  { quote: 'she said "yes" and left', empty: "", list: [] },
  { word: "naïve 蜂 🐝", path: "C:\\data\\new" },
  {
    matrix: [
      [1, 2],
      [3, 4],
    ],
    negative: -7,
  },
];
const plainShapes = shapes.slice(0, 5);

type Break = (json: string, value: unknown) => string | undefined;

/** Breaks every shape, written on one line and on many. */
function broken(name: string, how: Break, over: readonly unknown[] = shapes): Damage {
  const answers: BrokenAnswer[] = [];
  for (const value of over) {
    for (const space of [0, 2]) {
      const json = JSON.stringify(value, null, space);
      const text = how(json, value);
      if (text !== undefined && text !== json) answers.push({ text, value });
    }
  }
  return { name, answers };
}

/** Breaks every place a pattern matches, one at a time. */
function brokenAt(name: string, pattern: RegExp, by: string, over: readonly unknown[] = plainShapes): Damage {
  const answers = over.flatMap((value) =>
    [0, 2].flatMap((space) => {
      const json = JSON.stringify(value, null, space);
      return [...json.matchAll(pattern)].map((match) => {
        const after = match[0].replace(new RegExp(pattern.source), by);
        return { text: json.slice(0, match.index) + after + json.slice(match.index + match[0].length), value };
      });
    }),
  );
  return { name, answers };
}

const cases = (name: string, pairs: readonly (readonly [text: string, value: unknown])[]): Damage => ({
  name,
  answers: pairs.map(([text, value]) => ({ text, value })),
});

const strings = /"((?:[^"\\]|\\.)*)"/g;
const wordKeys = /"([A-Za-z]\w*)":/g;

/** Gives what is left of a value when its text is cut off: no cut numbers, words or keys, texts as far as they came. */
function prefixes(value: unknown): readonly BrokenAnswer[] {
  const json = JSON.stringify(value);
  return Array.from({ length: json.length - 1 }, (_, index) => {
    const text = json.slice(0, index + 1);
    return { text, value: completed(text) };
  });
}

/** Closes what is open in a beginning of JSON, another way than the reader does: by trying shorter beginnings. */
function completed(text: string): unknown {
  for (let end = text.length; end > 0; end--) {
    const head = text.slice(0, end);
    const closers: string[] = [];
    let inText = false;
    for (let at = 0; at < head.length; at++) {
      if (inText && head[at] === "\\") at++;
      else if (head[at] === '"') inText = !inText;
      else if (!inText && /[{[]/.test(head[at]!)) closers.unshift(head[at] === "{" ? "}" : "]");
      else if (!inText && /[}\]]/.test(head[at]!)) closers.shift();
    }
    for (const tail of [inText ? '"' : "", "", ...literalEnds]) {
      try {
        return JSON.parse(head + tail + closers.join(""));
      } catch {}
    }
  }
  return undefined;
}

/** A literal that was cut off can only become one. */
const literalEnds = ["rue", "ue", "e", "alse", "lse", "se", "ull", "ll", "l"];

const fenced =
  (language: string): Break =>
  (json) =>
    `\`\`\`${language}\n${json}\n\`\`\``;

/** Every kind of damage, each with its broken texts. */
export const damages: readonly Damage[] = [
  broken("fence", fenced("")),
  broken("fence with a language", fenced("json")),
  broken("fence without an end", (json) => `\`\`\`json\n${json}`),
  broken("prose before", (json) => `Sure, here is what you asked for:\n${json}`),
  broken("prose after", (json) => `${json}\nLet me know (or not) if that helps; a set {of words} too.`),
  broken("prose and fence", (json) => `Of course!\n\n\`\`\`json\n${json}\n\`\`\`\n\nIs that right?`),
  broken("thinking before", (json) => `<think>They want {"a": 1}, or [2].</think>\n${json}`),
  broken("tags around", (json) => `<answer>\n${json}\n</answer>`),
  broken("end mark of a template", (json) => `${json}<|im_end|>`),
  broken("assignment", (json) => `const answer = ${json};`),
  broken("call around", (json) => `callback(${json});`),
  broken("byte order mark", (json) => `\ufeff${json}`),
  broken("quoted as in mail", (json) => `> ${json.replaceAll("\n", "\n> ")}`),
  broken("single quotes", (json) => json.replaceAll(strings, (_, text: string) => `'${text.replaceAll("'", "\\'")}'`)),
  broken("smart quotes", (json) => json.replaceAll(strings, "“$1”"), plainShapes),
  broken("backticks", (json) => json.replaceAll(strings, "`$1`"), plainShapes),
  broken("angle quotes", (json) => json.replaceAll(strings, "«$1»"), plainShapes),
  broken("bare keys", (json) => json.replaceAll(wordKeys, "$1:")),
  broken(
    "bare keys and single quotes",
    (json) => json.replaceAll(wordKeys, "$1:").replaceAll(strings, "'$1'"),
    plainShapes,
  ),
  broken("bare words as values", (json) => json.replaceAll(/: ?"([A-Za-z][A-Za-z ]*)"/g, ": $1"), plainShapes),
  broken("trailing commas", (json) => json.replaceAll(/([^\s{[,])(\s*[}\]])/g, "$1,$2")),
  broken("trailing comma behind all", (json) => `${json},`),
  broken("Python literals", (json) =>
    json.replaceAll("true", "True").replaceAll("false", "False").replaceAll("null", "None"),
  ),
  broken(
    "Python's dict",
    (json) =>
      json
        .replaceAll(strings, "'$1'")
        .replaceAll("true", "True")
        .replaceAll("false", "False")
        .replaceAll("null", "None"),
    plainShapes,
  ),
  broken("line comments", (json) => json.replaceAll(/([,{[])\n/g, "$1 // a note, with {marks}\n")),
  broken("hash comments", (json) => json.replaceAll(/([,{[])\n/g, "$1 # a note\n")),
  broken("block comments", (json) => json.replaceAll(/":/g, '": /* a note */'), plainShapes),
  broken(
    "raw line breaks and tabs in texts",
    (json) => json.replaceAll("\\n", "\n").replaceAll("\\t", "\t"),
    shapes.slice(5, 6),
  ),
  broken("quotes not escaped", (json) => json.replaceAll('\\"', '"')),
  broken("encoded as a string without its quotes", (json) => JSON.stringify(json).slice(1, -1)),
  broken("HTML entities", (json) => json.replaceAll('"', "&quot;"), plainShapes),
  broken(
    "full-width punctuation",
    (json) => json.replaceAll(/": ?/g, '"：').replaceAll(/([\]}"\w])(\s*),(?=\s*["{[\d])/g, "$1$2，"),
    plainShapes.filter((_, index) => index !== 1),
  ),
  broken("no-break spaces", (json) => json.replaceAll(/\n {2}/g, "\n\u00a0\u3000")),
  broken("ellipsis in lists", (json) => json.replaceAll(/([\w"}])(\s*)\]/g, "$1,$2...]"), plainShapes),
  broken("equals signs", (json) => json.replaceAll(wordKeys, "$1 ="), plainShapes),
  broken("arrows", (json) => json.replaceAll(/":/g, '" =>'), plainShapes),
  broken("strings joined by plus", (json) => json.replaceAll(/: ?"(\w)(\w+)"/g, ': "$1" + "$2"'), plainShapes),
  broken("marks of bold around keys", (json) => json.replaceAll(wordKeys, '**"$1"**:'), plainShapes),
  broken("list marks before keys", (json) => json.replaceAll(/\n(\s+)"(\w+)":/g, '\n$1- "$2":'), plainShapes),
  broken("closing brackets left out at the end", (json) => json.replace(/[\s}\]]+$/, ""), plainShapes),
  broken("closing brackets too many", (json) => `${json}}]`),
  broken(
    "opening brace left out",
    (json, value) => (Array.isArray(value) ? undefined : json.slice(1)),
    shapes.slice(0, 4),
  ),
  brokenAt("one comma left out", /,(?=\s*")/g, " "),
  brokenAt("one comma doubled", /,(?=\s*["{[])/g, ",,"),
  brokenAt("one colon left out", /":/g, '" '),
  brokenAt("one opening quote of a key left out", /"(\w+)":/g, '$1":'),
  brokenAt("one closing quote of a value left out", /: ?"(\w+)"(?=,)/g, ': "$1'),
  brokenAt("one opening quote of a value left out", /: ?"(\w+)"/g, ': $1"'),
  brokenAt("one closing brace left out", /\}(?=\s*,\s*\{)/g, ""),
  brokenAt("one colon doubled", /":/g, '"::'),
  brokenAt("one opening quote of a key doubled", /"(\w+)":/g, '""$1":'),
  brokenAt("one closing quote of a key doubled", /"(\w+)":/g, '"$1"":'),
  brokenAt("a quote inside a key, which is left out", /"(\w)(\w+)":/g, '"$1"$2":'),
  brokenAt("a quote and a blank before a key", /"(\w+)":/g, '" "$1":'),
  brokenAt("one opening quote of a value doubled", /: ?"(\w+)"/g, ': ""$1"'),
  brokenAt("one closing quote of a value doubled", /: ?"(\w+)"/g, ': "$1""'),
  brokenAt("one closing quote of an item doubled", /"(\w+)"(?=\s*[,\]])/g, '"$1""', shapes.slice(3, 4)),
  brokenAt("one opening brace doubled", /\{/g, "{{"),
  brokenAt("one closing brace doubled in a list", /\}(?=\s*,\s*\{)/g, "}}"),
  broken(
    "all braces doubled, as in templates",
    (json) => json.replaceAll("{", "{{").replaceAll("}", "}}"),
    plainShapes,
  ),
  brokenAt("one bracket doubled in a list of lists", /\](?=,\s*\[)/g, "]]", shapes.slice(9)),
  brokenAt("one bracket written as a brace in a list of lists", /\](?=,\s*\[)/g, "}", shapes.slice(9)),
  brokenAt("one comma written as a semicolon", /,(?=\s*")/g, ";"),
  brokenAt("a word before a key", /"(\w+)":/g, 'note "$1":'),
  brokenAt("a letter between a key and its colon", /"(\w+)":/g, '"$1"x:'),
  brokenAt("a bracket between a key and its colon", /"(\w+)":/g, '"$1"]:'),
  brokenAt("a backslash before one opening quote", /"(?=\w+")/g, '\\"'),
  brokenAt("one closing quote before the next object left out", /"(?=\}\s*,\s*\{)/g, ""),
  broken("the last closing quote left out", (json) => json.replace(/"(\s*[}\]]+\s*)$/, "$1"), plainShapes),
  cases("ends of texts lost", [
    ['{\n  steps: ["Heat",\n    "Serve\n  ],\n  minutes: 10\n}', { steps: ["Heat", "Serve"], minutes: 10 }],
    ['{\n  code: "a = 1;,\n  lang: "js"\n}', { code: "a = 1;", lang: "js" }],
    ['{path: "C:\\\\tmp\\\\x,\n n: 1\n}', { path: "C:\\tmp\\x", n: 1 }],
    ['{"age":\'30,"tags":["x"]}', { age: "30", tags: ["x"] }],
    [
      "[[1,'2],[3,4]]",
      [
        [1, "2"],
        [3, 4],
      ],
    ],
    ['{"label":"positive\\",}', { label: "positive" }],
    ['{"size": "24"", "b": 1}', { size: '24"', b: 1 }],
    ['{"a": 1\'}', { a: 1 }],
  ]),
  cases("words that do not belong", [
    ['["a",\n foo "c"]', ["a", "foo", "c"]],
    ['["Heat oil",Add eggs","Serve"]', ["Heat oil", "Add eggs", "Serve"]],
    ['["x",fal', ["x", false]],
    ['{"a": see (this) one, "b": 2}', { a: "see (this) one", b: 2 }],
    ['{"n"0.9}', { n: 0.9 }],
    ['{"a": ]"x", "b",: 2}', { a: "x", b: 2 }],
  ]),
  cases("brackets of lists misplaced", [
    ['{"a":[{"b":[{"c":1}]]},{"b":[]}]}', { a: [{ b: [{ c: 1 }] }, { b: [] }] }],
    ['{"a":[{"b":[{"c":1}}},{"b":[]}]}', { a: [{ b: [{ c: 1 }] }, { b: [] }] }],
    ['{"rows":[{"a":1}}],"total":2}', { rows: [{ a: 1 }], total: 2 }],
    ['"a", "b"]', ["a", "b"]],
    ["true, 2]", [true, 2]],
    ['{ {"a":1}, {"b":2} }', [{ a: 1 }, { b: 2 }]],
  ]),
  cases("rows and quotes encoded as a string", [
    ['{\\"a\\":1}\n{\\"b\\":[\\"x\\"]}', [{ a: 1 }, { b: ["x"] }]],
    ['{\\"na"me\\": \\"Ann\\", \\"b\\":[1]}', { name: "Ann", b: [1] }],
    ['{\\"a":1,"b":\\"x\\"}', { a: 1, b: "x" }],
  ]),
  cases("other numbers", [
    ["[+1, .5, 5., -.5]", [1, 0.5, 5, -0.5]],
    ['{"a": 1,000, "b": 12,345,678.5}', { a: 1000, b: 12_345_678.5 }],
    ["[1_000, 0x10]", [1000, 16]],
    ["[007, 1.2.3, 5kg, 10-20, 1/3]", ["007", "1.2.3", "5kg", "10-20", "1/3"]],
    ["[NaN, Infinity, -Infinity]", [null, null, null]],
    ["[1 2 3]", [1, 2, 3]],
    ['{"a": 5 USD, "b": 1}', { a: "5 USD", b: 1 }],
  ]),
  cases("tuples, sets and calls", [
    ["{'a': (1, 2), 'b': ('x',)}", { a: [1, 2], b: ["x"] }],
    ["{'a': {'x', 'y'}, 'b': {1, 2}}", { a: ["x", "y"], b: [1, 2] }],
    ['{"a": ObjectId("5f"), "b": NumberLong(7), "c": ISODate("2024-01-05")}', { a: "5f", b: 7, c: "2024-01-05" }],
    ['{"a": Decimal("1.5"), "b": datetime(2024, 1, 5)}', { a: "1.5", b: "datetime(2024, 1, 5)" }],
    ["(1, 2)", [1, 2]],
    ['NumberLong("2")', "2"],
    ["{'a': b'x', 'b': r'y'}", { a: "x", b: "y" }],
    ['{"a": """two\nlines with "quotes" in""", "b": 1}', { a: 'two\nlines with "quotes" in', b: 1 }],
  ]),
  cases("several values", [
    ['{"a": 1}\n{"a": 2}\n', [{ a: 1 }, { a: 2 }]],
    ['{"a": 1},\n{"b": 2},', [{ a: 1 }, { b: 2 }]],
    ['```jsonl\n{"a": 1}\n{"a": 2}\n```', [{ a: 1 }, { a: 2 }]],
    ['{"a": 1} // one\n/* two */ [2]', [{ a: 1 }, [2]]],
    ['First {"a": 1}, but no: {"a": 2}', { a: 2 }],
    ['{"a": 1}, "b": 2}', { a: 1, b: 2 }],
    ['{"a": ["x"}, "b": ["y"]}', { a: ["x"], b: ["y"] }],
    ['{"a": ["x"], ["y"], "b": 1}', { a: ["x", "y"], b: 1 }],
    ['["a": 1, "b": 2]', [{ a: 1, b: 2 }]],
  ]),
  cases("other escapes", [
    ['{"a": "it\\\'s", "b": "\\x41\\u00e9"}', { a: "it's", b: "Aé" }],
    ['{"a": "C:\\Users\\dir", "b": "\\d+"}', { a: "C:\\Users\\dir", b: "\\d+" }],
    ['{"a": "one\\\ntwo",}', { a: "onetwo" }],
  ]),
  { name: "cut off at every character", answers: shapes.flatMap(prefixes) },
];
