/** Makes plain data unchangeable, so that one copy can be handed to everyone. */

/** Freezes a value and everything inside it, and gives it back. */
export function deepFreeze<T>(value: T): T {
  if (typeof value !== "object" || value === null || Object.isFrozen(value)) return value;
  for (const inner of Object.values(value)) deepFreeze(inner);
  return Object.freeze(value);
}
