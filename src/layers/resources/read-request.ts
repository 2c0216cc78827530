/** Reads what is asked for and how, in one pass without a table: this runs for every call. */

import { FlockError } from "../../core/errors/errors.ts";
import { nearestName } from "../../core/errors/nearest-name.ts";
import { optionError } from "../../core/errors/options.ts";
import { money, wholeAmount } from "../../core/resource-settings.ts";
import type { Hold } from "./hold.ts";
import type { AcquireOptions, ActualUse, ResourceRequest } from "./lease.ts";
import { customDimension } from "./limits/limit.ts";
import { microUsdUp } from "./limits/micro-usd.ts";
import type { ResourceTree } from "./resource-tree.ts";

const requestKeys = ["concurrency", "requests", "tokens", "usd", "custom"];
const actualKeys = ["requests", "tokens", "usd"];
const optionKeys = ["signal", "priority", "timeoutMs", "owner"];

/**
 * Puts the amounts of a request into a hold.
 *
 * @throws option_invalid for an unknown key, a wrong amount, or a custom resource that no manager on the way up declares.
 */
export function readRequest(request: ResourceRequest, hold: Hold, tree: ResourceTree): void {
  if (typeof request !== "object" || request === null)
    throw optionError(hold.scope.name, "request", "an object", request);
  for (const key in request) {
    const value = request[key as keyof ResourceRequest];
    if (value === undefined) continue;
    switch (key) {
      case "concurrency":
        hold.concurrency = readAmount(value, key, hold);
        break;
      case "requests":
        hold.requests = readAmount(value, key, hold);
        break;
      case "tokens":
        hold.tokens = readAmount(value, key, hold);
        break;
      case "usd":
        if (money(value) !== undefined) throw optionError(hold.scope.name, key, money(value)!, value);
        hold.microUsd = microUsdUp(value as number);
        break;
      case "custom":
        readCustom(value, hold, tree);
        break;
      default:
        throw unknownKey(hold.scope.name, key, requestKeys);
    }
  }
}

/**
 * Checks how to wait.
 *
 * @throws option_invalid for an unknown key or a wrong value.
 */
export function checkAcquireOptions(options: AcquireOptions, name: string): void {
  if (typeof options !== "object" || options === null) throw optionError(name, "options", "an object", options);
  for (const key in options) {
    const value: unknown = options[key as keyof AcquireOptions];
    if (value === undefined) continue;
    const expected = expectedOption(key, value);
    if (expected === "known") throw unknownKey(name, key, optionKeys);
    if (expected !== undefined) throw optionError(name, key, expected, value);
  }
}

/**
 * Checks what a lease used.
 *
 * @throws option_invalid for an unknown key or a wrong figure.
 */
export function checkActualUse(actual: ActualUse): void {
  const name = "Lease.settle";
  if (typeof actual !== "object" || actual === null) throw optionError(name, "actual", "an object", actual);
  for (const key in actual) {
    const value: unknown = actual[key as keyof ActualUse];
    if (value === undefined) continue;
    if (!actualKeys.includes(key)) throw unknownKey(name, key, actualKeys);
    const expected = key === "usd" ? money(value) : wholeAmount(value);
    if (expected !== undefined) throw optionError(name, key, expected, value);
  }
}

function expectedOption(key: string, value: unknown): string | undefined {
  switch (key) {
    case "owner":
      return typeof value === "string" && value !== "" ? undefined : "a non-empty string";
    case "priority":
      return Number.isSafeInteger(value) ? undefined : "a whole number";
    case "timeoutMs":
      return typeof value === "number" && value >= 0 && value < Number.POSITIVE_INFINITY
        ? undefined
        : "milliseconds, 0 or more";
    case "signal":
      return typeof (value as { addEventListener?: unknown }).addEventListener === "function"
        ? undefined
        : "an AbortSignal";
    default:
      return "known";
  }
}

function readAmount(value: unknown, key: string, hold: Hold): number {
  if (Number.isSafeInteger(value) && (value as number) >= 0) return value as number;
  throw optionError(hold.scope.name, key, wholeAmount(value)!, value);
}

function readCustom(value: unknown, hold: Hold, tree: ResourceTree): void {
  if (typeof value !== "object" || value === null) throw optionError(hold.scope.name, "custom", "an object", value);
  for (const [name, amount] of Object.entries(value)) {
    if (amount === undefined) continue;
    const index = tree.customNames.get(name);
    const dimension = customDimension + (index ?? -1);
    if (index === undefined || !hold.scope.path.some((limit) => limit.dimension === dimension)) {
      throw unknownKey(hold.scope.name, name, [...tree.customNames.keys()], "custom resource");
    }
    const units = readAmount(amount, `custom.${name}`, hold);
    hold.custom ??= [];
    while (hold.custom.length <= index) hold.custom.push(0);
    hold.custom[index] = units;
  }
}

function unknownKey(owner: string, key: string, known: readonly string[], what = "option"): FlockError {
  const suggestion = nearestName(key, known);
  const hint = suggestion ? `did you mean "${suggestion}"?` : `it knows ${known.join(", ") || "none"}`;
  return new FlockError("option_invalid", `${owner} has no ${what} "${key.slice(0, 64)}"; ${hint}`, {
    details: {
      option: key.slice(0, 64),
      expected: `a known ${what}`,
      received: key.slice(0, 64),
      ...(suggestion ? { suggestion } : {}),
    },
  });
}
