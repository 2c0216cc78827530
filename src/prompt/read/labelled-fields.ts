/** Reads an answer written as `field: value` lines, for models that forgot JSON but kept to the fields. */

import type { AnswerShape } from "../json-schema/json-schema-shape.ts";

/** A label at the start of a line, behind list marks, heading marks, quotes and stars, and the rest of the line. */
const label =
  /^[\s>]{0,16}(?:(?:[-*•+]|\d{1,2}[.)]|#{1,6})\s{1,4})?(?:\*\*|__|[`"'])?([A-Za-z_][\w .-]{0,63}?)(?:\*\*|__|[`"'])?\s{0,8}[:=\uff1a](?:\*\*|__)?(.*)$/;
const bullet = /^\s{0,16}(?:[-*•+]|\d{1,2}[.)])\s{1,4}(.*)$/;

/**
 * Gives the fields whose labels stand at the start of lines, as text, lists of bullets, or what `read` makes of brackets.
 * Gives undefined unless every required field is there. Names match whatever their case and the separators in them.
 */
export function labelledFields(
  text: string,
  shape: AnswerShape,
  read: (value: string) => unknown,
): Record<string, unknown> | undefined {
  if (!("fields" in shape)) return undefined;
  const fields = shape.fields as readonly { readonly name: string; readonly optional: boolean }[];
  const names = new Map(fields.map((field) => [plainName(field.name), field.name]));
  const parts = new Map<string, string[]>();
  let current: string[] | undefined;
  for (const line of text.slice(text.lastIndexOf("</think>") + 1).split("\n")) {
    const match = line.length < maxLabelLine ? label.exec(line) : null;
    const name = match === null ? undefined : names.get(plainName(match[1]!));
    if (name === undefined) current?.push(line);
    else {
      current = [match![2]!];
      parts.set(name, current);
    }
  }
  if (parts.size === 0 || fields.some((field) => !field.optional && !parts.has(field.name))) return undefined;
  return Object.fromEntries([...parts].map(([name, lines]) => [name, labelledValue(lines, read)]));
}

/** Longer lines have no label looked for in them. */
const maxLabelLine = 10_000;

function plainName(name: string): string {
  return name.toLowerCase().replaceAll(/[\s._-]/g, "");
}

function labelledValue(lines: readonly string[], read: (value: string) => unknown): unknown {
  const whole = lines
    .join("\n")
    .replace(/```.*$/s, "")
    .trim();
  if (/^[{[]/.test(whole)) return read(whole) ?? whole;
  const filled = lines.filter((line) => line.trim() !== "");
  if (filled.length > 0 && lines[0]!.trim() === "" && filled.every((line) => bullet.test(line))) {
    return filled.map((line) => unquoted(bullet.exec(line)![1]!));
  }
  return unquoted(whole);
}

function unquoted(value: string): string {
  const text = value.trim().replace(/,$/, "");
  const quoted = /^(["'`]|\*\*)(.*)\1$/s.exec(text);
  return quoted === null ? text : quoted[2]!;
}
