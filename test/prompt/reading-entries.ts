/** Every entry that reads model text, as one table, with what must hold whatever the text is. */

import { isFlockError } from "../../src/core/errors/errors.ts";
import { parseModelOutput } from "../../src/prompt/read/parse-model-output.ts";
import { PartialReader } from "../../src/prompt/read/partial-reader.ts";
import { readAnswer } from "../../src/prompt/read/read-answer.ts";
import { readValue } from "../../src/prompt/read/read-value.ts";
import { parseSignature } from "../../src/signature/parse-signature.ts";

const signature = "title: str, count?: int, tags?: list[str], more?: any";
const shape = parseSignature(signature);
const schema = { type: "object", properties: { title: { type: "string" }, tags: { type: "array" } } } as const;

/** What an entry makes of a text; `random` decides what else is given to it. */
export type ReadingEntry = (text: string, random: () => number) => unknown;

/** Every entry by name. */
export const readingEntries: Readonly<Record<string, ReadingEntry>> = {
  readValue: (text) => readValue(text),
  "readValue partial": (text) => readValue(text, { partial: true }),
  "readValue strict": (text) => readValue(text, { strict: true }),
  "readValue with limits": (text, random) =>
    readValue(text, { maxDepth: 1 + Math.floor(random() * 5), maxCharacters: 1 + Math.floor(random() * 200) }),
  readAnswer: (text) => {
    const answer = readAnswer(text, shape);
    if (answer instanceof Promise) throw new Error("nothing here waits");
    if (!answer.ok) throw answer.error;
    return answer.value;
  },
  parseModelOutput: (text) => parseModelOutput(text),
  "parseModelOutput with a signature": (text) => parseModelOutput(text, { signature }),
  "parseModelOutput with one field": (text) => parseModelOutput(text, { signature: "title: str" }),
  "parseModelOutput with a schema": (text) => parseModelOutput(text, { schema }),
  "parseModelOutput strict": (text) => parseModelOutput(text, { signature, strict: true }),
  "parseModelOutput partial": (text) => parseModelOutput(text, { signature, partial: true }),
  PartialReader: (text, random) => streamed(new PartialReader(), text, random),
  "PartialReader of JSON alone": (text, random) => streamed(new PartialReader({ prose: false }), text, random),
};

function streamed(reader: PartialReader, text: string, random: () => number): unknown {
  for (let at = 0; at < text.length; ) {
    const size = 1 + Math.floor(random() * 12);
    reader.push(text.slice(at, at + size));
    if (random() < 0.3) reader.value();
    at += size;
  }
  return reader.finish();
}

/**
 * Reads a text by one entry: "value" for a value that is safe, "refused" for a typed error with a place.
 *
 * @throws what is wrong in any other case.
 */
export function outcomeOf(entry: ReadingEntry, text: string, random: () => number): "value" | "refused" {
  let value: unknown;
  try {
    value = entry(text, random);
  } catch (error) {
    if (isFlockError(error, "output_unreadable") && error.details.position !== undefined) return "refused";
    if (isFlockError(error, "output_invalid") && typeof error.details.pointer === "string") return "refused";
    throw error;
  }
  const key = forbiddenKeyIn(value);
  if (key !== undefined) throw new Error(`a value holds the key ${key}`);
  return "value";
}

function forbiddenKeyIn(value: unknown): string | undefined {
  const left = [value];
  for (let next = left.pop(); left.length > 0 || next !== undefined; next = left.pop()) {
    if (typeof next !== "object" || next === null) continue;
    if (!Array.isArray(next)) {
      if (Object.getPrototypeOf(next) !== Object.prototype) return "that reached its prototype";
      const found = Object.keys(next).find((key) => /^(?:__proto__|constructor|prototype)$/.test(key));
      if (found !== undefined) return found;
    }
    left.push(...Object.values(next));
  }
  return undefined;
}

/** Gives what the shared prototypes look like; it must never change. */
export function prototypes(): string {
  return [Object.prototype, Array.prototype, String.prototype, Function.prototype]
    .map((one) => Object.getOwnPropertyNames(one).join())
    .join(";");
}
