/** Reads an input as a question: its words, which may be said in other ways, and all that must be the same. */

/** A question taken apart. */
export interface Question {
  /** All texts of the input with their names. */
  readonly words: string;
  /** What two questions must share: names, numbers, also those inside of texts, and everything else that is no text. */
  readonly fixed: string;
}

/** Numbers, also with signs and points in them: "2024", "3.5", "10:30". */
const numbers = /\d(?:[\d.,:/-]*\d)?/g;

/** Takes a plain JSON input apart; undefined where there is no text in it. */
export function readQuestion(input: unknown): Question | undefined {
  const texts: string[] = [];
  const fixed = JSON.stringify(fixedPart(input, "", texts));
  return texts.length === 0 ? undefined : { words: texts.join("\n"), fixed };
}

function fixedPart(value: unknown, name: string, texts: string[]): unknown {
  if (typeof value === "string") {
    texts.push(name === "" ? value : `${name}: ${value}`);
    return value.match(numbers)?.join(" ") ?? "";
  }
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map((item) => fixedPart(item, name, texts));
  const fields = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(fields.map(([key, field]) => [key, fixedPart(field, key, texts)]));
}
