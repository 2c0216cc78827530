/** What the part of the layer that is always there tells the part that is imported. */

import type { CacheChoice, LiveCacheConfig } from "../../../core/cache-settings.ts";
import type { LayerHost } from "../../../core/layer.ts";
import type { AnyRunnable } from "../../../core/runnable.ts";

/** What a cache's knob holds: off, or how entries are kept; what is not said is the default. */
export type CacheKnobValue = boolean | LiveCacheConfig;

/** What a slot is made of. */
export interface SlotFacts {
  readonly runnable: AnyRunnable;
  readonly host: LayerHost;
  /** What the runnable says itself. */
  readonly own: CacheChoice | undefined;
  /** What holds for it, unless its knob was turned. */
  readonly choice: CacheChoice;
  /** What its knob was turned to. */
  readonly turned: CacheKnobValue | undefined;
  /** The caches the layer made, by whose they are. */
  readonly caches: Map<string, unknown>;
}
