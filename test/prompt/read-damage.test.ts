import { isDeepStrictEqual } from "node:util";
import { describe, expect, it } from "vitest";
import { readValue } from "../../src/prompt/read/read-value.ts";
import { damages } from "./broken-answers.ts";

function read(text: string): unknown {
  try {
    return readValue(text);
  } catch (error) {
    return error;
  }
}

describe("an answer with", () => {
  it.each(damages.map((damage) => [damage.name, damage.answers] as const))(
    "%s is read as what it means",
    (_, answers) => {
      const wrong = answers.filter(({ text, value }) => !isDeepStrictEqual(read(text), value));
      expect(wrong.map(({ text }) => text)).toEqual([]);
      expect(answers.length).toBeGreaterThan(1);
    },
  );
});
