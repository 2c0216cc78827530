/** Checks options objects when something is built, so that a misspelt or wrong option never waits until run time. */

import { FlockError } from "./errors.ts";
import { nearestName } from "./nearest-name.ts";

/** Says what one option must be; gives `undefined` when the value is good, else what was expected. */
export type OptionCheck = (value: unknown) => string | undefined;

/**
 * Checks an options object against a table of its options. `undefined` values count as absent.
 *
 * @throws option_invalid for anything but an object, an unknown option (with the nearest known one) or a wrong value.
 */
export function checkOptions(owner: string, options: unknown, checks: Readonly<Record<string, OptionCheck>>): void {
  if (typeof options !== "object" || options === null || Array.isArray(options)) {
    throw optionError(owner, "options", "an object", options);
  }
  // Own keys alone count; `for in` makes no list of them.
  for (const key in options) {
    if (!Object.hasOwn(options, key)) continue;
    const value = (options as Record<string, unknown>)[key];
    if (!Object.hasOwn(checks, key)) {
      const suggestion = nearestName(key, Object.keys(checks));
      const hint = suggestion ? `; did you mean "${suggestion}"?` : `; it knows ${Object.keys(checks).join(", ")}`;
      throw new FlockError("option_invalid", `${owner} has no option "${key}"${hint}`, {
        details: { option: key, expected: "a known option", received: key, ...(suggestion ? { suggestion } : {}) },
      });
    }
    if (value === undefined) continue;
    const expected = checks[key]!(value);
    if (expected !== undefined) throw optionError(owner, key, expected, value);
  }
}

/** Makes the error for one wrong option value. The value itself is only named by kind, since it may be a secret. */
export function optionError(
  owner: string,
  option: string,
  expected: string,
  value: unknown,
): FlockError<"option_invalid"> {
  const received = describeValue(value);
  return new FlockError("option_invalid", `${owner}: "${option}" must be ${expected}, not ${received}`, {
    details: { option, expected, received },
  });
}

/** Names a value by its kind: numbers, booleans and null as they are, everything else by type and size. */
export function describeValue(value: unknown): string {
  if (value === null || value === undefined || typeof value === "number" || typeof value === "boolean")
    return `${value}`;
  if (typeof value === "string") return value === "" ? "an empty string" : `a string of ${value.length} characters`;
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === "function") return "a function";
  if (typeof value === "object") return "an object";
  return `a ${typeof value}`;
}

/** Accepts any string with something in it. */
export const nonEmptyString: OptionCheck = (value) =>
  typeof value === "string" && value.trim() !== "" ? undefined : "a non-empty string";

/** Accepts a name: a letter or `_`, then letters, digits, `_`, `-` and dots. */
export const nameString: OptionCheck = (value) =>
  typeof value === "string" && /^[A-Za-z_][\w.-]{0,127}$/.test(value)
    ? undefined
    : "a name of letters, digits, '_', '-' and '.', starting with a letter or '_', at most 128 long";

/** Accepts a finite number above zero. */
export const positiveNumber: OptionCheck = (value) =>
  typeof value === "number" && Number.isFinite(value) && value > 0 ? undefined : "a number above 0";

/** Accepts a whole number from `minimum` up. */
export function wholeNumber(minimum: number): OptionCheck {
  return (value) =>
    Number.isSafeInteger(value) && (value as number) >= minimum ? undefined : `a whole number, ${minimum} or more`;
}

/** Accepts a finite number within the bounds, both included. */
export function numberBetween(minimum: number, maximum: number): OptionCheck {
  return (value) =>
    typeof value === "number" && value >= minimum && value <= maximum
      ? undefined
      : `a number from ${minimum} to ${maximum}`;
}

/** Accepts one of the given strings. */
export function oneOf(...values: readonly string[]): OptionCheck {
  return (value) => (values.includes(value as string) ? undefined : `one of ${values.map((v) => `"${v}"`).join(", ")}`);
}

/** Accepts booleans. */
export const booleanOption: OptionCheck = (value) => (typeof value === "boolean" ? undefined : "true or false");

/** Accepts functions. */
export const functionOption: OptionCheck = (value) => (typeof value === "function" ? undefined : "a function");

/** Accepts plain objects and class instances, not lists. */
export const objectOption: OptionCheck = (value) =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? undefined : "an object";

/** Accepts lists. */
export const listOption: OptionCheck = (value) => (Array.isArray(value) ? undefined : "a list");

/** Accepts anything; the owner checks it itself. */
export const anyOption: OptionCheck = () => undefined;
