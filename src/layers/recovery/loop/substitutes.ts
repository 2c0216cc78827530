/** Knows what was called for a call so far, over all loops in it, so that nothing goes in a circle or is called twice. */

import type { LayerCall } from "../../../core/layer.ts";
import type { RecoveryStep } from "../../../core/recovery-settings.ts";
import type { AnyRunnable } from "../../../core/runnable.ts";

/** Who called something instead. */
interface Claim {
  readonly loop: object;
  readonly step: RecoveryStep;
  isRunning: boolean;
}

/** What stands in for one call. */
export class Substitutes {
  /** Steps that are being asked: what they call is not asked about by them again. */
  readonly asking = new Set<RecoveryStep>();
  readonly #claims = new Map<AnyRunnable, Claim>();
  readonly #whole: AnyRunnable;

  private constructor(whole: AnyRunnable) {
    this.#whole = whole;
  }

  /** Gives those of a call, whichever attempt or substitute of it asks. */
  static of({ whole }: LayerCall): Substitutes {
    let found = known.get(whole);
    if (found === undefined) {
      found = new Substitutes(whole.runnable);
      known.set(whole, found);
    }
    return found;
  }

  /**
   * Claims a runnable; undefined when it runs for this call already, or somebody else called it. The step that did may
   * call it again.
   */
  claim(instead: AnyRunnable, loop: object, step: RecoveryStep): { readonly done: () => void } | undefined {
    const held = this.#claims.get(instead);
    if (instead === this.#whole || held?.isRunning) return undefined;
    if (held !== undefined && (held.loop !== loop || held.step !== step)) return undefined;
    const claim: Claim = { loop, step, isRunning: true };
    this.#claims.set(instead, claim);
    return {
      done: () => {
        claim.isRunning = false;
      },
    };
  }
}

const known = new WeakMap<LayerCall, Substitutes>();
