/** Looks a model's price up in the package's own table. */

import type { ModelPrice, TokenRates } from "../../core/model-price.ts";
import type { Runtime } from "../../core/runtime/runtime.ts";
import { systemRuntime } from "../../core/runtime/system-runtime.ts";
import { isLocalModel, priceNames } from "./price-names.ts";
import { type DollarRates, priceTable, type TableRow, type VendorPrices } from "./price-table.ts";

/** Whose clock decides between a price and the one announced after it. */
export interface PriceOfOptions {
  /** @default the system's */
  readonly runtime?: Pick<Runtime, "now">;
}

const free: ModelPrice = Object.freeze({ microUsdPerMillion: Object.freeze(toRates(0, 0)), source: "local" });

/**
 * Gives the price of a model by its name, `vendor/model id`, from the package's own dated table; 0 for models that run
 * locally; undefined when it is not known. Nothing is guessed: beside the exact id only the AI SDK's spelling of a vendor
 * (`openai.responses`) and the date of a snapshot are taken off. A Flock's own `prices` are not in it.
 */
export function priceOf(modelName: string, options: PriceOfOptions = {}): ModelPrice | undefined {
  const { runtime = systemRuntime } = options;
  if (isLocalModel(modelName)) return free;
  for (const name of priceNames(modelName)) {
    const slash = name.indexOf("/");
    const vendor = ownValue(priceTable, name.slice(0, slash));
    const row = vendor === undefined ? undefined : ownValue(vendor.models, name.slice(slash + 1));
    if (row !== undefined) return toPrice(row, vendor!, runtime.now());
  }
  return undefined;
}

/** Turns dollars for a million tokens into whole micro-dollars; a price too small for that unit is still not free. */
export function toRates(input: number, output: number, cacheRead = input, cacheWrite = input): TokenRates {
  return {
    input: inMicro(input),
    output: inMicro(output),
    cacheRead: inMicro(cacheRead),
    cacheWrite: inMicro(cacheWrite),
  };
}

function toPrice(row: TableRow, { asOf, source }: VendorPrices, nowMs: number): ModelPrice {
  const [rates, { long, next }] = isRates(row) ? [row, {}] : row;
  const fromMs = next === undefined ? Number.POSITIVE_INFINITY : Date.parse(next.from);
  if (next !== undefined && nowMs >= fromMs) return { microUsdPerMillion: toRates(...next.rates), source, asOf };
  return {
    microUsdPerMillion: toRates(...rates),
    ...(long === undefined
      ? {}
      : { longContext: { aboveInputTokens: long.above, microUsdPerMillion: toRates(...long.rates) } }),
    source,
    asOf,
    ...(next === undefined ? {} : { validUntilMs: fromMs }),
  };
}

function isRates(row: TableRow): row is DollarRates {
  return typeof row[0] === "number";
}

function inMicro(usd: number): number {
  return usd > 0 ? Math.max(1, Math.round(usd * 1_000_000)) : 0;
}

/** Names come from outside: `constructor` is no vendor. */
function ownValue<Value>(record: Readonly<Record<string, Value>>, key: string): Value | undefined {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}
