/** A runnable with declared fields, made of a function: the smallest thing a pattern can hold. */

import type { ExecutionContext, Runnable } from "../../src/core/runnable.ts";
import type { InferInput, InferOutput } from "../../src/signature/infer-signature.ts";
import { parseSignature } from "../../src/signature/parse-signature.ts";

export interface Made<Name extends string, Input, Output> extends Runnable<Input, Output> {
  readonly name: Name;
  readonly "~in": Input;
  readonly "~out": Output;
}

/** The function gets its input unchecked, so that tests see exactly what a pattern hands over. */
export function makeStep<const Name extends string, const Input extends string, const Output extends string>(
  name: Name,
  input: Input,
  output: Output,
  perform: (
    input: InferInput<Input>,
    context: ExecutionContext,
  ) => InferOutput<Output> | Promise<InferOutput<Output>> = unexpected,
  extra: Pick<Runnable, "identity" | "providers"> = {},
): Made<Name, InferInput<Input>, InferOutput<Output>> {
  const made = {
    name,
    kind: "agent",
    input: parseSignature(input),
    output: parseSignature(output),
    ...extra,
    perform: async (given: InferInput<Input>, context: ExecutionContext) => perform(given, context),
  };
  return made as unknown as Made<Name, InferInput<Input>, InferOutput<Output>>;
}

function unexpected(): never {
  throw new Error("this step must not run");
}

/** A step as plain JavaScript has it: the compiler knows nothing of its fields. */
export function makeUntyped(
  name: string,
  input: string,
  output: string,
  perform: (input: Record<string, unknown>, context: ExecutionContext) => unknown = unexpected,
): Runnable<never, unknown> {
  return makeStep(name, input, output, perform as never) as unknown as Runnable<never, unknown>;
}
