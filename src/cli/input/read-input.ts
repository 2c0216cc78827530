/** Turns text from the command line into the checked input of an agent. */

import { FlockError } from "../../entries/index.ts";
import type { Signature } from "../../entries/types.ts";
import { usageError } from "../command.ts";
import { nearestWord } from "./nearest-word.ts";

/**
 * Gives the input a text stands for: a JSON object with the input's fields, or the bare value of the only field. Values are
 * bent to their types, so that `42` is a number where one is wanted. No text is the empty object.
 *
 * @throws option_invalid when the text cannot be an input, input_invalid when it does not fit.
 */
export async function readInput(text: string | undefined, signature: Signature): Promise<Record<string, unknown>> {
  const names = signature.fields.map(({ name }) => name);
  if (text === undefined) {
    if (signature.fields.every(({ optional }) => optional)) return {};
    throw usageError(
      `run needs a value for ${names.join(", ")}: text, JSON, @file, or - for the standard input`,
      "VALUE",
      "a value",
      "nothing",
    );
  }
  const checked = await signature.check(inputValue(text, signature, names), { coerce: true, side: "input" });
  if (checked.ok) return checked.value;
  const { issues } = checked;
  const said = issues
    .slice(0, 5)
    .map(({ pointer, message }) => (pointer === "" ? message : `${pointer.slice(1)}: ${message}`));
  const more = issues.length > 5 ? `; and ${issues.length - 5} more` : "";
  throw new FlockError("input_invalid", `the value does not fit --input: ${said.join("; ")}${more}`, {
    details: { pointer: issues[0]?.pointer ?? "", issues },
  });
}

function inputValue(text: string, signature: Signature, names: readonly string[]): unknown {
  if (text.trim() === "") throw usageError("the value is empty; give some text", "VALUE", "some text", "nothing");
  const bare = signature.bareField;
  const object = text.trimStart().startsWith("{") ? parseObject(text, bare === undefined) : undefined;
  if (object === undefined) {
    if (bare !== undefined) return { [bare]: text };
    const form = JSON.stringify(Object.fromEntries(names.map((name) => [name, "…"])));
    throw usageError(
      `--input has the fields ${names.join(", ")}, so the value must be a JSON object such as '${form}'`,
      "VALUE",
      form,
      "other text",
    );
  }
  // JSON that names none of the fields is a text like any other, where a text is wanted.
  if (bare !== undefined && takesText(signature) && !names.some((name) => Object.hasOwn(object, name)))
    return { [bare]: text };
  const unknown = Object.keys(object).find((key) => !names.includes(key));
  if (unknown === undefined) return object;
  const near = nearestWord(unknown, names);
  const hint = near === undefined ? `it has ${names.join(", ")}` : `did you mean "${near}"?`;
  throw usageError(`--input has no field "${unknown}"; ${hint}`, "VALUE", names.join(", "), unknown);
}

function parseObject(text: string, needed: boolean): Record<string, unknown> | undefined {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch (error) {
    if (!needed) return undefined;
    throw usageError(`the value is not valid JSON: ${(error as Error).message}`, "VALUE", "valid JSON", "other text");
  }
}

function takesText({ fields }: Signature): boolean {
  const type = fields[0]!.type;
  return type.kind === "string" || (type.kind === "union" && type.members.some(({ kind }) => kind === "string"));
}
