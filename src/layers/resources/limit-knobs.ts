/** Makes limits live settings: `concurrency:<name>` and `requests:<name>`, where there are such limits. */

import type { Json } from "../../core/json/json.ts";
import type { Knobs } from "../../core/knob.ts";
import type { ResourceManager } from "./resource-manager.ts";

/** Registers knobs for the limits a manager has now. */
export function registerLimitKnobs(knobs: Knobs, name: string, manager: ResourceManager): void {
  const concurrency = (): number => manager.usage().concurrency.capacity;
  if (Number.isFinite(concurrency())) {
    knobs.register<number>({
      id: `concurrency:${name}`,
      read: concurrency,
      check: (value) => (isAmount(value) && value > 0 ? undefined : "concurrency is a whole number above 0"),
      change: (value) => changed(concurrency(), value, (limit) => manager.configure({ concurrency: limit })),
    });
  }
  const requests = (): Record<string, number> => {
    const windows = Object.entries(manager.usage().requests).filter(([, usage]) => usage !== undefined);
    return Object.fromEntries(windows.map(([part, { capacity }]) => [part, capacity]));
  };
  const parts = Object.keys(requests());
  if (parts.length === 0) return;
  knobs.register<Record<string, number>>({
    id: `requests:${name}`,
    read: requests,
    check: (value) => checkRates(value, parts),
    change: (value) => changed(requests(), value, (rates) => manager.configure({ requests: rates })),
  });
}

function changed<Value>(from: Value, to: Value, configure: (value: Value) => void): () => void {
  configure(to);
  return () => configure(from);
}

function checkRates(value: Json, parts: readonly string[]): string | undefined {
  const expected = `it takes whole numbers above 0 for ${parts.join(", ")}`;
  if (typeof value !== "object" || value === null || Array.isArray(value)) return expected;
  const given = Object.entries(value);
  return given.length > 0 && given.every(([part, amount]) => parts.includes(part) && isAmount(amount) && amount > 0)
    ? undefined
    : expected;
}

function isAmount(value: Json | undefined): value is number {
  return Number.isSafeInteger(value);
}
