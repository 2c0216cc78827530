/** Copies plain JSON, so that whoever gets a value cannot change somebody else's. */

/** Copies lists and plain objects all the way down; other values (bytes, dates, instances) are passed on as they are. */
export function copyJson<T>(value: T): T {
  return copy(value, 0) as T;
}

const deepest = 1_000;

function copy(value: unknown, depth: number): unknown {
  if (typeof value !== "object" || value === null || depth > deepest) return value;
  if (Array.isArray(value)) return value.map((item) => copy(item, depth + 1));
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return value;
  const result: Record<string, unknown> = {};
  for (const key of Object.keys(value)) {
    if (key !== "__proto__") result[key] = copy((value as Record<string, unknown>)[key], depth + 1);
  }
  return result;
}
