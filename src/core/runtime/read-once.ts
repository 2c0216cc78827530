/** Puts off the making of a value until somebody wants it: most partial answers are never looked at. */

/** Gives a function that makes the value when first called and the same value from then on. */
export function readOnce<T>(make: () => T): () => T {
  let maker: (() => T) | undefined = make;
  let value: T | undefined;
  return () => {
    if (maker !== undefined) {
      value = maker();
      maker = undefined;
    }
    return value as T;
  };
}
