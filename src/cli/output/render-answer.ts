/** Writes an answer for people: the names of its fields and their values, one below the other. */

import { styleText } from "node:util";
import { plainText } from "./plain-text.ts";

/** How an answer is written. */
export interface RenderOptions {
  /** Bold names, for terminals. @default false */
  readonly bold?: boolean;
  /** The answer is still being made: what is empty so far is left open. @default false */
  readonly open?: boolean;
}

/**
 * Gives the answer as lines without a last line end. Text runs on at the same indentation; the text of a longer answer begins
 * with the text of the shorter one it grew from, so that a growing answer can be printed by appending.
 */
export function renderAnswer(answer: Readonly<Record<string, unknown>>, options: RenderOptions = {}): string {
  return fieldsText(answer, "", options);
}

function fieldsText(fields: Readonly<Record<string, unknown>>, indent: string, options: RenderOptions): string {
  const entries = Object.entries(fields).filter(([, value]) => value !== undefined);
  return entries
    .map(([name, value], index) => {
      const text = valueText(value, `${indent}  `, index === entries.length - 1 ? options : closed(options));
      return `${indent}${label(name, options)}:${text}`;
    })
    .join("\n");
}

/** What something follows grows no more. */
function closed(options: RenderOptions): RenderOptions {
  return options.open === true ? { ...options, open: false } : options;
}

function label(name: string, { bold }: RenderOptions): string {
  const plain = plainText(name).replace(/\s+/g, " ");
  return bold === true ? styleText("bold", plain, { validateStream: false }) : plain;
}

/** What stands after a name: on the same line, or below it at `indent`. */
function valueText(value: unknown, indent: string, options: RenderOptions): string {
  if (typeof value !== "object" || value === null) return lineOf(value, indent);
  const isEmpty = Array.isArray(value) ? value.length === 0 : Object.keys(value).length === 0;
  if (isEmpty) return options.open === true ? "" : " none";
  if (!Array.isArray(value)) return `\n${fieldsText(value as Record<string, unknown>, indent, options)}`;
  const last = value.length - 1;
  return value
    .map((item, index) => `\n${indent}-${itemText(item, indent, index === last ? options : closed(options))}`)
    .join("");
}

/** An object in a list begins on the line of its dash. */
function itemText(item: unknown, indent: string, options: RenderOptions): string {
  const inner = `${indent}  `;
  if (typeof item !== "object" || item === null || Array.isArray(item) || Object.keys(item).length === 0) {
    return valueText(item, inner, options);
  }
  return ` ${fieldsText(item as Record<string, unknown>, inner, options).slice(inner.length)}`;
}

function lineOf(value: unknown, indent: string): string {
  if (value === null) return " none";
  const text = plainText(String(value)).replaceAll("\n", `\n${indent}`);
  return text === "" ? "" : ` ${text}`;
}
