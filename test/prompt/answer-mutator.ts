/** Makes hostile and broken answers from a seed: grown from a loose grammar of JSON, then cut, spliced and repeated. */

/** Gives numbers from 0 up to but without 1, the same for the same seed. */
export function seeded(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const scraps = [
  ..."{}[]()<>:;,.\"'`\\/#*=+-_$&%!? \t\n\r\u0000",
  ..."“”‘’«»＂：，｛｝［］\ufeff\u00a0\u2028",
  "```",
  "```json\n",
  '\\"',
  '\\\\"',
  "\\u00",
  "\\ud83d",
  "\ud83d",
  "//",
  "/*",
  "*/",
  "...",
  "…",
  "<think>",
  "</think>",
  "<html>",
  "&quot;",
  '"""',
  "'''",
  '"__proto__":',
  '"constructor":{"prototype":{"x":1}},',
  "__proto__:",
  '"\\u005f_proto__":',
  "ObjectId(",
  "new Date(",
  "True",
  "None",
  "NaN",
  "-Infinity",
  "1e999",
  "0x1F",
  "1,000",
  "title:",
  "count = 3\n",
  "- ",
  "**",
  "> ",
  "b'",
  "toString",
  "hasOwnProperty",
];
const keys = ["title", "count", "tags", "__proto__", "constructor", "prototype", "a b", "ключ", "", "then", "toJSON"];
const texts = ["x", 'say "hi"', "line\nline", "C:\\dir", "it's", "{a}", "[b]", "a, b: c", "\ud800", "", "__proto__"];

/** Grows one answer. */
export function mutatedAnswer(random: () => number): string {
  let text = random() < 0.15 ? soup(random) : written(random, 4);
  for (let edits = Math.floor(random() * 5); edits > 0; edits--) text = edited(text, random);
  if (random() < 0.15) text = JSON.stringify(text);
  if (random() < 0.2) text = `\`\`\`json\n${text}\n\`\`\``;
  if (random() < 0.2)
    text = `${pick(["Sure: ", "<think>", "See [x] {y} ", "cb("], random)}${text}${pick([" ok {z}", ")", "\n{}", ""], random)}`;
  return text;
}

function soup(random: () => number): string {
  return Array.from({ length: Math.floor(random() * 40) }, () => pick(scraps, random)).join("");
}

function written(random: () => number, depth: number): string {
  const kind = random();
  if (depth === 0 || kind < 0.25) return scalar(random);
  const parts = Array.from({ length: Math.floor(random() * 4) }, () => written(random, depth - 1));
  const comma = pick([",", ",", ",", ", ", "\n", " ", ""], random);
  if (kind < 0.5) return `[${parts.join(comma)}]`;
  const colon = pick([":", ":", ": ", " ", "="], random);
  return `{${parts.map((part) => `${key(random)}${colon}${part}`).join(comma)}}`;
}

function key(random: () => number): string {
  const name = pick(keys, random);
  const kind = random();
  return kind < 0.7 ? JSON.stringify(name) : kind < 0.85 ? name : `'${name}'`;
}

function scalar(random: () => number): string {
  const kind = random();
  if (kind < 0.5) return JSON.stringify(pick(texts, random));
  if (kind < 0.6) return `"${pick(texts, random)}"`;
  if (kind < 0.8) return String(Math.round((random() - 0.5) * 1e6) / 100);
  return pick(["true", "false", "null", "None", "red apple", "-", ".5", "1e5", "0"], random);
}

function edited(text: string, random: () => number): string {
  const at = Math.floor(random() * (text.length + 1));
  const end = at + Math.floor(random() * 6);
  const kind = random();
  if (kind < 0.4) return text.slice(0, at) + pick(scraps, random) + text.slice(at);
  if (kind < 0.7) return text.slice(0, at) + text.slice(end);
  if (kind < 0.8) return text.slice(0, at);
  if (kind < 0.9) return text.slice(0, at) + text.slice(at, end).repeat(Math.floor(random() * 30)) + text.slice(end);
  return text.slice(0, at) + written(random, 2) + text.slice(end);
}

function pick<T>(from: readonly T[], random: () => number): T {
  return from[Math.floor(random() * from.length)]!;
}
