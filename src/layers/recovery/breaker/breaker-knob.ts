/** Makes a breaker a live setting: `breaker:<name>`, there from the first failure on. */

import type { Json, JsonObject } from "../../../core/json/json.ts";
import type { Knob } from "../../../core/knob.ts";
import { type BreakerSettings, readBreakerSettings } from "./breaker-settings.ts";
import type { CircuitBreaker } from "./circuit-breaker.ts";

/**
 * Makes the knob of a breaker. It reads state and settings (`null` where nothing is set), takes any of the settings, and
 * `state: "closed"` to close it by hand.
 */
export function breakerKnob(name: string, breaker: CircuitBreaker): Knob {
  return {
    id: `breaker:${name}`,
    read: () => ({ state: breaker.state, ...plainSettings(breaker) }),
    check: (value) => checkChange(value, breaker.state),
    change(value) {
      const { state, ...changes } = value as JsonObject;
      const before = breaker.settings;
      breaker.configure(givenSettings(changes));
      if (state === "closed") breaker.reset();
      return () => breaker.restore(before);
    },
  };
}

function plainSettings(breaker: CircuitBreaker): JsonObject {
  const settings = Object.entries(breaker.settings);
  return Object.fromEntries(settings.map(([key, value]) => [key, Number.isFinite(value) ? value : null]));
}

/** What was read may be given back as it is: nulls say nothing. */
function givenSettings(changes: JsonObject): BreakerSettings {
  return Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== null)) as BreakerSettings;
}

function checkChange(value: Json, now: string): string | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return "it takes an object of settings";
  const { state, ...changes } = value as JsonObject;
  if (state !== undefined && state !== "closed" && state !== now) return 'a state can only be set to "closed"';
  try {
    readBreakerSettings("the breaker", givenSettings(changes));
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}
