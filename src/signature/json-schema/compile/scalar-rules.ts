/** The keywords that judge text and numbers. */

import { describeValue } from "../../../core/errors/options.ts";
import type { JsonSchema } from "../../../core/json/json.ts";
import type { SafePattern } from "../pattern/safe-pattern.ts";
import { isMultiple } from "./decimal.ts";
import { formatOf } from "./formats.ts";
import type { Assertion } from "./schema-node.ts";

/** Makes the assertions about numbers. */
export function numberAssertions(schema: JsonSchema): readonly Assertion<number>[] {
  const found: Assertion<number>[] = [];
  const add = (keyword: string, rule: (bound: number) => string, test: (value: number, bound: number) => boolean) => {
    const bound = schema[keyword];
    if (typeof bound !== "number") return;
    const expected = rule(bound);
    const message = (value: number) => `expected a number ${expected}, received ${value}`;
    found.push({ test: (value) => test(value, bound), expected, message });
  };
  add(
    "minimum",
    (bound) => `of ${bound} or more`,
    (value, bound) => value >= bound,
  );
  add(
    "maximum",
    (bound) => `of ${bound} or less`,
    (value, bound) => value <= bound,
  );
  add(
    "exclusiveMinimum",
    (bound) => `above ${bound}`,
    (value, bound) => value > bound,
  );
  add(
    "exclusiveMaximum",
    (bound) => `below ${bound}`,
    (value, bound) => value < bound,
  );
  add("multipleOf", (bound) => `that is a multiple of ${bound}`, isMultiple);
  return found;
}

/** Makes the assertions about text. Lengths count code points. */
export function textAssertions(schema: JsonSchema, pattern: SafePattern | undefined): readonly Assertion<string>[] {
  const { minLength, maxLength, format } = schema;
  const found: Assertion<string>[] = [];
  if (typeof minLength === "number") {
    found.push({
      test: (value) => value.length >= minLength && (value.length >= 2 * minLength || lengthOf(value) >= minLength),
      expected: `at least ${minLength} characters`,
      message: (value) => `expected at least ${minLength} characters, received ${lengthOf(value)}`,
    });
  }
  if (typeof maxLength === "number") {
    found.push({
      test: (value) => value.length <= maxLength || (value.length <= 2 * maxLength && lengthOf(value) <= maxLength),
      expected: `at most ${maxLength} characters`,
      message: (value) => `expected at most ${maxLength} characters, received ${lengthOf(value)}`,
    });
  }
  if (pattern !== undefined) {
    const { source } = pattern;
    const message = (value: string) =>
      pattern.canTest(value)
        ? `expected text that matches ${source}`
        : `expected text short enough to be held to ${source}, received ${value.length} characters`;
    found.push({ test: (value) => pattern.test(value), expected: `pattern ${source}`, message });
  }
  const fits = typeof format === "string" ? formatOf(format) : undefined;
  if (fits !== undefined) {
    const expected = format as string;
    found.push({
      test: fits,
      expected,
      message: (value) => `expected a ${expected}, received ${describeValue(value)}`,
    });
  }
  return found;
}

/** Counts code points; a pair of surrogates is one. */
function lengthOf(text: string): number {
  let length = text.length;
  for (let at = 0; at < text.length - 1; at++) {
    if (text.charCodeAt(at) >> 10 === 0x36 && text.charCodeAt(at + 1) >> 10 === 0x37) {
      length--;
      at++;
    }
  }
  return length;
}
