/** The one error of JSON Schemas that cannot be used: where in the document, why, and what was probably meant. */

import { FlockError } from "../../../core/errors/errors.ts";

/** Makes the error for one place of a schema. `pointer` is a JSON pointer into the document. */
export function schemaFault(
  name: string,
  pointer: string,
  reason: string,
  suggestion?: string,
): FlockError<"type_invalid"> {
  const place = pointer === "" ? "at its root" : `at ${pointer}`;
  const hint = suggestion === undefined ? "" : `; did you mean "${suggestion}"?`;
  const details = { name, reason, pointer, ...(suggestion === undefined ? {} : { suggestion }) };
  return new FlockError("type_invalid", `${name}: the JSON Schema cannot be used: ${place}, ${reason}${hint}`, {
    details,
  });
}
