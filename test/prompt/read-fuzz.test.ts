import { expect, it } from "vitest";
import { mutatedAnswer, seeded } from "./answer-mutator.ts";
import { outcomeOf, prototypes, readingEntries } from "./reading-entries.ts";

it.each(Object.entries(readingEntries))(
  "%s gives a value or a typed error with a place for 3,000 mutated answers",
  (_, entry) => {
    const before = prototypes();
    const random = seeded(20_261);
    const counts = { value: 0, refused: 0 };
    for (let count = 0; count < 3_000; count++) {
      const text = mutatedAnswer(random);
      try {
        counts[outcomeOf(entry, text, random)]++;
      } catch (cause) {
        throw new Error(`reading ${JSON.stringify(text)}`, { cause });
      }
    }
    expect(prototypes()).toBe(before);
    expect(counts.value + counts.refused).toBe(3_000);
  },
);
