/** Keeps what the live settings of recovery were turned to, and until then what was last seen to hold, by environment and id. */

import type { Json } from "../../core/json/json.ts";
import type { Knob, Knobs } from "../../core/knob.ts";

/** What one kind of setting was turned to. */
export class TurnedValues<Value> {
  readonly #turned = new WeakMap<Knobs, Map<string, Value>>();
  readonly #seen = new WeakMap<Knobs, Map<string, Value>>();

  /** Gives what a setting was turned to; undefined until it is. */
  get(knobs: Knobs, id: string): Value | undefined {
    return this.#turned.get(knobs)?.get(id);
  }

  /** Learns what is declared around a call, which is what the setting reads from then on. */
  note(knobs: Knobs, id: string, value: Value): void {
    let seen = this.#seen.get(knobs);
    if (seen === undefined) {
      seen = new Map();
      this.#seen.set(knobs, seen);
    }
    seen.set(id, value);
  }

  /** Registers a knob that there is not yet. `changed` is told after it was turned, and turned back. */
  register<Read extends Json>(knobs: Knobs, form: KnobForm<Value, Read>, changed: () => void = () => {}): void {
    const { id, declared, plain, check, parse } = form;
    if (knobs.has(id)) return;
    const turned = this.#turned.get(knobs) ?? new Map<string, Value>();
    this.#turned.set(knobs, turned);
    const knob: Knob<Read> = {
      id,
      read: () => plain(turned.has(id) ? turned.get(id)! : (this.#seen.get(knobs)?.get(id) ?? declared)),
      check,
      change(value) {
        const [wasTurned, before] = [turned.has(id), turned.get(id)];
        turned.set(id, parse(value));
        changed();
        return () => {
          if (wasTurned) turned.set(id, before!);
          else turned.delete(id);
          changed();
        };
      },
    };
    knobs.register(knob);
  }
}

/** How a setting is read, checked and written. */
export interface KnobForm<Value, Read extends Json> extends Pick<Knob<Read>, "id" | "check"> {
  /** What holds where nothing else was seen. */
  readonly declared: Value;
  plain(value: Value): Read;
  parse(value: Read): Value;
}
