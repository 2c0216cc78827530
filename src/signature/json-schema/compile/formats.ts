/** The formats of JSON Schema that are checked; any other is only a remark, as the specification has it. */

import { isDate, isDateTime } from "../../check/calendar.ts";

const formats: ReadonlyMap<string, (value: string) => boolean> = new Map([
  ["date", isDate],
  // The RFC lets a space stand for the T.
  ["date-time", (value) => isDateTime(value.replace(" ", "T"))],
  ["time", (value) => /^(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,9})?(?:[Zz]|[+-]\d\d:\d\d)$/.test(value)],
  ["email", (value) => value.length <= 254 && /^[^\s@]{1,64}@[^\s@.]{1,63}(?:\.[^\s@.]{1,63}){1,8}$/.test(value)],
  ["uri", (value) => URL.canParse(value)],
  ["uuid", (value) => /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i.test(value)],
  ["ipv4", (value) => /^(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.(?!$)|$)){4}$/.test(value)],
  ["hostname", (value) => value.length <= 253 && /^(?!-)[A-Za-z\d-]{1,63}(?:\.[A-Za-z\d-]{1,63}){0,32}$/.test(value)],
]);

/** Gives the check of a format: of `date`, `date-time`, `time`, `email`, `uri`, `uuid`, `ipv4` and `hostname`. */
export function formatOf(format: string): ((value: string) => boolean) | undefined {
  return formats.get(format);
}
