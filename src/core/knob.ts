/** Live settings: the only way anything outside a layer changes how it behaves. */

import { FlockError } from "./errors/errors.ts";
import { nearestName } from "./errors/nearest-name.ts";
import type { Json } from "./json/json.ts";

/** A setting that can be read, checked and changed while things run. */
export interface Knob<Value extends Json = Json> {
  /** Names layer and runnable, such as `attempt-timeout:researcher`. */
  readonly id: string;
  read(): Value;
  /** Gives what is wrong with a value, or undefined when it may be set. */
  check(value: Json): string | undefined;
  /** Sets a checked value; gives its own undo. */
  change(value: Value): () => void;
  /** Tells whether a change now would leave behind what was gathered, such as answers kept in a common cache. @default never */
  readonly leavesBehind?: () => boolean;
}

/** A change of a knob, told to whoever watches. */
export interface KnobChange {
  readonly knob: string;
  readonly from: Json;
  readonly to: Json;
}

/** The knobs of one environment. */
export class Knobs {
  readonly #knobs = new Map<string, Knob>();
  readonly #watchers = new Set<(change: KnobChange) => void>();

  /** Adds a knob, or puts it in the place of the one with the same id. */
  register<Value extends Json>(knob: Knob<Value>): void {
    this.#knobs.set(knob.id, knob as unknown as Knob);
  }

  get ids(): readonly string[] {
    return [...this.#knobs.keys()];
  }

  has(id: string): boolean {
    return this.#knobs.has(id);
  }

  /** @throws knob_invalid when there is none of this id. */
  read(id: string): Json {
    return this.#find(id).read();
  }

  /** Tells whether what the knob sets would begin without what it has gathered, were it changed now. */
  leavesBehind(id: string): boolean {
    return this.#knobs.get(id)?.leavesBehind?.() ?? false;
  }

  /**
   * Changes a knob and gives an undo that restores the value found now.
   *
   * @throws knob_invalid for an unknown id or a value the knob refuses; nothing is changed then.
   */
  change(id: string, value: Json): () => void {
    const knob = this.#find(id);
    const reason = knob.check(value);
    if (reason !== undefined) {
      throw new FlockError("knob_invalid", `knob "${id}" refuses the value: ${reason}`, {
        details: { knob: id, reason },
      });
    }
    const from = knob.read();
    const undo = knob.change(value);
    this.#tell({ knob: id, from, to: value });
    let undone = false;
    return () => {
      if (undone) return;
      undone = true;
      undo();
      this.#tell({ knob: id, from: value, to: from });
    };
  }

  /** Calls back after each change; gives the way to stop. */
  watch(watcher: (change: KnobChange) => void): () => void {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }

  #find(id: string): Knob {
    const knob = this.#knobs.get(id);
    if (knob !== undefined) return knob;
    const near = nearestName(id, this.#knobs.keys());
    const reason = near ? `did you mean "${near}"?` : "no such knob is registered";
    throw new FlockError("knob_invalid", `there is no knob "${id}"; ${reason}`, { details: { knob: id, reason } });
  }

  #tell(change: KnobChange): void {
    for (const watcher of [...this.#watchers]) watcher(change);
  }
}
