/** Fetches the prices when the first call needs them: most programs' start, and all offline ones, do without. */

type PriceModule = typeof import("./price-book.ts");

let loaded: PriceModule | undefined;
let loading: Promise<void> | undefined;

/** Loads the prices; undefined once they are there. Never rejects: a price that cannot be looked up is unknown. */
export function loadPrices(): Promise<void> | undefined {
  if (loaded !== undefined) return undefined;
  loading ??= import("./price-book.ts").then(
    (module) => {
      loaded = module;
    },
    () => {
      loading = undefined;
    },
  );
  return loading;
}

/** Gives the prices when they are there. */
export function loadedPrices(): PriceModule | undefined {
  return loaded;
}
