/** Checkers of single values: text, numbers, booleans, null, dates and literals. */

import { nearestName } from "../../core/errors/nearest-name.ts";
import type { FieldType, LiteralValue } from "../field.ts";
import { typeText } from "../grammar/type-text.ts";
import { isDate, isDateTime, toDate, toDateTime } from "./calendar.ts";
import type { Checker } from "./checker.ts";
import { isNullText, toBoolean, toInteger, toLiteral, toNumber, toText } from "./coerce-scalar.ts";

/** The kinds that need no part of their own. */
export type ScalarKind = "string" | "integer" | "number" | "boolean" | "null" | "date" | "datetime";

function scalar(
  text: string,
  accepts: (value: unknown) => boolean,
  bend: (value: unknown) => unknown,
  hintFor: (value: unknown) => string = () => "",
): Checker {
  return {
    text,
    accepts,
    read(value, pointer, run) {
      if (accepts(value)) return value;
      const bent = run.coerce ? bend(value) : undefined;
      if (bent !== undefined) return bent;
      run.expected(pointer, text, value, hintFor(value));
      return value;
    },
  };
}

const dateHint = (value: unknown): string =>
  typeof value === "string" ? "; write YYYY-MM-DD of a day that exists" : "";
const dateTimeHint = (value: unknown): string =>
  typeof value === "string" ? "; write it with seconds and an offset, such as 2024-05-01T09:30:00Z" : "";

/** The checker of each plain kind. */
export const scalarCheckers: Readonly<Record<ScalarKind, Checker>> = {
  string: scalar("str", (value) => typeof value === "string", toText),
  integer: scalar("int", (value) => Number.isInteger(value), toInteger),
  number: scalar("float", (value) => Number.isFinite(value), toNumber),
  boolean: scalar("bool", (value) => typeof value === "boolean", toBoolean),
  null: {
    ...scalar(
      "None",
      (value) => value === null,
      (value) => (isNullText(value) ? null : undefined),
    ),
    takesNull: true,
  },
  date: scalar("date", (value) => typeof value === "string" && isDate(value), toDate, dateHint),
  datetime: scalar("datetime", (value) => typeof value === "string" && isDateTime(value), toDateTime, dateTimeHint),
};

/** Makes the checker of a set of literals; a wrong value is answered with the nearest allowed one. */
export function literalChecker(type: FieldType & { kind: "literal" }): Checker {
  const allowed = new Set<unknown>(type.values);
  const texts = type.values.filter((value): value is string => typeof value === "string");
  const bend = (value: unknown): LiteralValue | undefined => toLiteral(value, type.values);
  const hint = (value: unknown): string => {
    const nearest = typeof value === "string" ? nearestName(value.trim(), texts) : undefined;
    return nearest === undefined ? "" : `; did you mean '${nearest}'?`;
  };
  const checker = scalar(typeText(type), (value) => allowed.has(value), bend, hint);
  return { ...checker, takesNull: allowed.has(null) };
}
