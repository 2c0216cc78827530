/** The checker of a type whose schema came from outside: it decides, Flock only bends near misses towards it. */

import { escapePointer } from "../../core/json/canonical-key.ts";
import type { FieldType, RegisteredType } from "../field.ts";
import { fieldTypeFromJsonSchema } from "../json-schema/field-from-json-schema.ts";
import type { Checker, CheckRun } from "./checker.ts";
import { fromJsonText } from "./coerce-scalar.ts";
import { clean } from "./safe-value.ts";

/** Makes the checker of a registered schema. `compile` turns its JSON Schema, where there is one, into bending rules. */
export function registeredChecker(registered: RegisteredType, compile: (type: FieldType) => Checker): Checker {
  let bender: Checker | undefined;
  const bend = (value: unknown, pointer: string, run: CheckRun): unknown => {
    if (registered.bend !== undefined) return registered.bend(value);
    bender ??= compile(looseType(registered));
    return run.attempt(bender, value, pointer).value;
  };
  return {
    text: registered.name,
    foreign: true,
    accepts: () => false,
    read(given, pointer, run) {
      const issueCount = run.issues.length;
      const value = clean(given, pointer, run, false);
      if (run.issues.length > issueCount) return given;
      const answer = run.ask(registered, value);
      if (answer.issues === undefined) return answer.value;
      if (run.coerce) {
        const parsed = fromJsonText(value, "{") ?? fromJsonText(value, "[") ?? value;
        const bent = bend(clean(parsed, pointer, run, false), pointer, run);
        const second = bent === value ? answer : run.ask(registered, bent);
        if (second.issues === undefined) return second.value;
      }
      for (const { message, path } of answer.issues) {
        const steps = path.map((step) => `/${escapePointer(String(step))}`).join("");
        run.report({ pointer: pointer + steps, message, expected: registered.name });
      }
      return given;
    },
  };
}

/** A schema without a JSON Schema can still check; there is only nothing to bend by. */
function looseType(registered: RegisteredType): FieldType {
  try {
    return fieldTypeFromJsonSchema(registered.toJsonSchema("input"));
  } catch {
    return { kind: "any" };
  }
}
