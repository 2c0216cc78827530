/** A map by name that a stream of ever new names cannot grow: what comes late is counted together as "other". */

/** The name that stands for all names beyond the limit. */
export const otherName = "other";

/** Values by name, up to a limit. */
export class BoundedNames<Value> {
  readonly #limit: number;
  readonly #create: (name: string) => Value;
  readonly #values = new Map<string, Value>();

  constructor(limit: number, create: (name: string) => Value) {
    this.#limit = limit;
    this.#create = create;
  }

  /** How many names there are, "other" included. */
  get size(): number {
    return this.#values.size;
  }

  /** Gives the value of a name, made on first use; beyond the limit that of "other". */
  of(name: string): Value {
    return this.#values.get(name) ?? this.#add(name);
  }

  /** Gives the value of a name when it has one of its own. */
  peek(name: string): Value | undefined {
    return this.#values.get(name);
  }

  entries(): IterableIterator<[string, Value]> {
    return this.#values.entries();
  }

  values(): IterableIterator<Value> {
    return this.#values.values();
  }

  clear(): void {
    this.#values.clear();
  }

  #add(name: string): Value {
    const key = this.#values.size < this.#limit ? name : otherName;
    const known = this.#values.get(key);
    if (known !== undefined) return known;
    const value = this.#create(key);
    this.#values.set(key, value);
    return value;
  }
}
