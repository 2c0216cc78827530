/** What is asked of a cache beside the key, and the checks of it. */

import { ttlOption } from "../../core/cache-settings.ts";
import { FlockError } from "../../core/errors/errors.ts";
import {
  checkOptions,
  functionOption,
  nonEmptyString,
  type OptionCheck,
  oneOf,
  optionError,
  wholeNumber,
} from "../../core/errors/options.ts";
import { entryKey, entryKeyWith } from "./cache-key.ts";
import { copyIn, NotPlainJson, type PrivateCopy } from "./memory/private-copy.ts";

/** What a value is kept with. */
interface KeptWith {
  /** Milliseconds for which it is fresh, null for ever. @default that of the cache */
  readonly ttlMs?: number | null;
  /** Words it can be invalidated by. @default none */
  readonly tags?: readonly string[];
  /** On whose behalf, such as an agent's name: counted apart, and can be invalidated together. @default nobody's */
  readonly owner?: string;
}

/** How a value is kept. */
export interface SetOptions extends KeptWith {
  /** What it weighs against `maxBytes`. @default an estimate */
  readonly size?: number;
}

/** How a value is asked for. */
export interface GetOrComputeOptions extends KeptWith {
  /** Leaves at once when it aborts; the computation goes on for the others. */
  readonly signal?: AbortSignal;
  /** `refresh` computes anew and keeps the result, `bypass` neither looks nor keeps. @default "use" */
  readonly mode?: "use" | "bypass" | "refresh";
}

/** Which entries to delete: by one of these. */
export type CacheFilter =
  | { readonly key: string }
  | { readonly prefix: string }
  | { readonly tag: string }
  | { readonly owner: string };

const tagList: OptionCheck = (value) =>
  Array.isArray(value) && value.every((tag) => typeof tag === "string") ? undefined : "a list of strings";

const keptWith: Readonly<Record<keyof KeptWith, OptionCheck>> = {
  ttlMs: ttlOption,
  tags: tagList,
  owner: nonEmptyString,
};
const setOptions: Readonly<Record<keyof SetOptions, OptionCheck>> = { ...keptWith, size: wholeNumber(1) };
const getOptions: Readonly<Record<keyof GetOrComputeOptions, OptionCheck>> = {
  ...keptWith,
  signal: (value) => (value instanceof AbortSignal ? undefined : "an AbortSignal"),
  mode: oneOf("use", "bypass", "refresh"),
};

/** @throws option_invalid for an unknown option or a wrong value. */
export function checkSetOptions(options: SetOptions): void {
  checkOptions("CacheManager.set", options, setOptions);
}

/** @throws option_invalid for an unknown option or a wrong value. */
export function checkGetOptions(options: GetOrComputeOptions): void {
  checkOptions("CacheManager.getOrCompute", options, getOptions);
}

/** @throws option_invalid when a key is no string. */
export function checkKey(method: string, key: unknown): void {
  if (typeof key !== "string") throw optionError(`CacheManager.${method}`, "key", "a string", key);
}

/** @throws option_invalid when there is nothing to compute with. */
export function checkCompute(compute: unknown): void {
  if (functionOption(compute) !== undefined) {
    throw optionError("CacheManager.getOrCompute", "compute", "a function", compute);
  }
}

type Matches = (key: string, tags: readonly string[] | undefined, owner: string | undefined) => boolean;

/** Gives what a filter means. @throws option_invalid for anything but one of its four forms. */
export function checkFilter(filter: CacheFilter): Matches {
  const isText: OptionCheck = (value) => (typeof value === "string" ? undefined : "a string");
  checkOptions("CacheManager.invalidate", filter, { key: isText, prefix: isText, tag: isText, owner: isText });
  const given = Object.entries(filter).filter(([, value]) => value !== undefined) as [string, string][];
  const [only] = given;
  if (only === undefined || given.length > 1) {
    throw optionError("CacheManager.invalidate", "filter", "one of key, prefix, tag and owner", filter);
  }
  const [by, text] = only;
  if (by === "key") return (key) => key === text;
  if (by === "prefix") return (key) => key.startsWith(text);
  if (by === "tag") return (_, tags) => tags?.includes(text) === true;
  return (_, __, owner) => owner === text;
}

/** Gives the text of a key with its arguments. @throws option_invalid and input_invalid */
export function idOf(key: string, args: unknown): string {
  checkKey("getOrCompute", key);
  if (args === undefined) return entryKey(key);
  try {
    return entryKeyWith(key, args);
  } catch (error) {
    throw plainError(error, "the arguments");
  }
}

/** Copies a value for keeping. @throws input_invalid when it is not plain JSON. */
export function plainCopy(value: unknown, what: string): PrivateCopy {
  try {
    return copyIn(value);
  } catch (error) {
    throw plainError(error, what);
  }
}

function plainError(error: unknown, what: string): unknown {
  if (!(error instanceof NotPlainJson)) return error;
  const { pointer, found } = error;
  const message = `a cache takes plain JSON alone, and ${what} has ${found} at ${pointer || "the root"}`;
  const issues = [{ pointer, message, expected: "plain JSON", received: found }];
  return new FlockError("input_invalid", message, { details: { pointer, issues } });
}
