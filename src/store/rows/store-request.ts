/** Checks of what a store is asked, and its failures, the same for every store. */

import { FlockError } from "../../core/errors/errors.ts";
import { checkOptions, describeValue, type OptionCheck, optionError } from "../../core/errors/options.ts";
import type { KeepOptions, StoreFilter } from "../../core/key-value-store.ts";

const stringOption: OptionCheck = (value) => (typeof value === "string" ? undefined : "a string");
const tagsOption: OptionCheck = (value) =>
  Array.isArray(value) && value.every((tag) => typeof tag === "string") ? undefined : "a list of strings";
const ttlOption: OptionCheck = (value) =>
  typeof value === "number" && value > 0 ? undefined : "a number of milliseconds above 0";

/** @throws option_invalid for anything but a string. */
export function checkKey(operation: string, key: unknown): void {
  if (typeof key !== "string") throw optionError(operation, "key", "a string", key);
}

/** @throws option_invalid for a key or value that is no string, and for unknown or wrong options. */
export function checkSet(operation: string, key: unknown, value: unknown, options: KeepOptions): void {
  checkKey(operation, key);
  if (typeof value !== "string") throw optionError(operation, "value", "a string", value);
  checkOptions(operation, options, { ttlMs: ttlOption, tags: tagsOption });
}

/** @throws option_invalid for anything but one tag or one prefix. */
export function checkFilter(operation: string, filter: StoreFilter): void {
  checkOptions(operation, filter, { tag: stringOption, prefix: stringOption });
  const named = Object.values(filter).filter((value) => value !== undefined);
  if (named.length !== 1) throw optionError(operation, "filter", "one tag or one prefix", filter);
}

/** Makes the error of a store that could not do what it was asked; `reason` is a clause without secrets. */
export function storeFailed(
  store: { readonly name: string; readonly place: string },
  operation: string,
  reason: string,
  cause?: unknown,
): FlockError<"store_failed"> {
  const message = `the ${store.name} store${store.place} failed to ${operation}: ${reason}`;
  return new FlockError("store_failed", message, { details: { store: store.name, operation, reason }, cause });
}

/** Says what went wrong, whatever was thrown. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : describeValue(error);
}
