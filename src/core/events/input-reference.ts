/** Lets an event point at a live input without carrying its content out of the process. */

import { canonicalText, digestOf } from "../json/canonical-key.ts";
import { copyJson } from "../json/copy-json.ts";

/** What Node prints an object by, as `inspect.custom` of node:util names it; importing that takes Node milliseconds. */
const inspected: unique symbol = Symbol.for("nodejs.util.inspect.custom");

/** Gives the live input without a copy, for code of the framework that only looks. */
export let liveInput: (reference: InputReference) => unknown;

/** A call's input: read it in process; printed or written as JSON it is only a hash and a size. */
export class InputReference {
  readonly #value: unknown;

  static {
    liveInput = (reference) => reference.#value;
  }

  constructor(value: unknown) {
    this.#value = value;
  }

  /** Gives a copy of the input, so that whoever reads it cannot change the call. */
  read(): unknown {
    return copyJson(this.#value);
  }

  /** Gives the canonical hash and the size in characters of the canonical text. Inputs that are no JSON hash to `null`. */
  toJSON(): { readonly hash: string | null; readonly size: number } {
    try {
      const text = canonicalText(this.#value);
      return { hash: digestOf(text), size: text.length };
    } catch {
      return { hash: null, size: 0 };
    }
  }

  [inspected](): string {
    const { hash, size } = this.toJSON();
    return `InputReference(${hash}, ${size} characters)`;
  }
}
