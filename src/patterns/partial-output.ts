/** Shows what a pattern's agents have written so far, while they write it. */

import type { DeltaEvent } from "../core/events/event.ts";
import type { ExecutionContext } from "../core/runnable.ts";
import { readOnce } from "../core/runtime/read-once.ts";
import { type FieldValues, pickFields, type StepField } from "./step.ts";

/** What one member has so far: read when somebody wants it. */
interface Part {
  readonly value: unknown;
}

/** A member of a pattern, and where what it writes goes. */
export interface OutputMember {
  readonly fields: readonly StepField[];
  /** The field its values go under. @default its own fields, beside those of the others */
  readonly under?: string | undefined;
}

/** Up to so many members their parts are put together at each piece; more, and a copy waits for more pieces. */
const fewParts = 64;

/**
 * Tells partial values of a pattern: what its members have so far, field by field, the later member winning. Values are
 * made when read.
 */
export class PartialOutput {
  readonly #context: ExecutionContext;
  readonly #parts: (Part | undefined)[];
  readonly #members: readonly OutputMember[];
  #waiting = 0;
  #told = false;

  constructor(context: ExecutionContext, members: readonly OutputMember[]) {
    this.#context = context;
    this.#members = members;
    this.#parts = members.map(() => undefined);
  }

  /** Takes a delta of the call that works for a member. */
  hear(member: number, delta: DeltaEvent["delta"]): void {
    if (delta.kind === "partial") this.#grew(member, delta);
    else if (delta.kind === "reset") this.#void(member);
  }

  /** Takes the whole output of a member. */
  wrote(member: number, output: unknown): void {
    this.#parts[member] = { value: output };
    this.#tell();
  }

  #grew(member: number, part: Part): void {
    this.#parts[member] = part;
    this.#waiting += 1;
    if (this.#parts.length <= fewParts || this.#waiting * fewParts >= this.#parts.length) this.#tell();
  }

  /** What the others have stands, and is told again. */
  #void(member: number): void {
    this.#parts[member] = undefined;
    if (!this.#told) return;
    this.#told = false;
    this.#context.delta({ kind: "reset" });
    if (this.#parts.some((part) => part !== undefined)) this.#tell();
  }

  #tell(): void {
    this.#waiting = 0;
    this.#told = true;
    const read = readOnce(() => this.#merged());
    this.#context.delta({
      kind: "partial",
      get value() {
        return read();
      },
    });
  }

  #merged(): FieldValues {
    const merged: FieldValues = {};
    this.#members.forEach(({ fields, under }, member) => {
      const values = fieldsOf(this.#parts[member]);
      if (values === undefined) return;
      const picked = pickFields(fields, values);
      if (under === undefined) Object.assign(merged, picked);
      else merged[under] = picked;
    });
    return merged;
  }
}

function fieldsOf(part: Part | undefined): FieldValues | undefined {
  const value = part?.value;
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as FieldValues) : undefined;
}
