/** The checker of unions: the member that fits as it is, else the first that fits after bending. */

import type { ValueIssue } from "../../core/errors/errors.ts";
import type { Checker, CheckRun } from "./checker.ts";
import { isNullText } from "./coerce-scalar.ts";

/** Makes the checker of a union of two or more members. */
export function unionChecker(members: readonly Checker[]): Checker {
  const text = members.map((member) => member.text).join(" | ");
  const nullable = members.some((member) => member.takesNull === true);
  const others = members.filter((member) => member.text !== "None");
  const accepts = (value: unknown): boolean => {
    for (let index = 0; index < members.length; index++) {
      if (members[index]!.accepts(value)) return true;
    }
    return false;
  };
  return {
    text,
    takesNull: nullable,
    wraps: members.some((member) => member.wraps === true),
    foreign: members.some((member) => member.foreign === true),
    accepts,
    read(value, pointer, run) {
      if (accepts(value)) return value;
      if (run.coerce && nullable && isNullText(value)) return null;
      // With one member beside null there is nothing to choose, and what is wrong is wrong with that one.
      if (others.length === 1 && value !== null) return others[0]!.read(value, pointer, run);
      return choose(others, text, value, pointer, run);
    },
  };
}

function choose(members: readonly Checker[], text: string, value: unknown, pointer: string, run: CheckRun): unknown {
  const { coerce, wrap } = run;
  let nearest: readonly ValueIssue[] | undefined;
  // As it is, then bent, then bent to a list of one: the smallest change wins before the order of members does.
  for (const mode of modesOf(members, coerce, wrap)) {
    run.coerce = mode.coerce;
    run.wrap = mode.wrap;
    for (const member of members) {
      const { value: result, issues } = run.attempt(member, value, pointer);
      if (issues.length === 0) {
        run.coerce = coerce;
        run.wrap = wrap;
        return result;
      }
      const isInside = issues.every((issue) => issue.pointer !== pointer);
      if (isInside && (nearest === undefined || issues.length < nearest.length)) nearest = issues;
    }
  }
  run.coerce = coerce;
  run.wrap = wrap;
  // A member that had the right form tells more than "none of these".
  if (nearest === undefined) run.expected(pointer, text, value);
  else for (const issue of nearest) run.report(issue);
  return value;
}

function modesOf(
  members: readonly Checker[],
  coerce: boolean,
  wrap: boolean,
): readonly { readonly coerce: boolean; readonly wrap: boolean }[] {
  const strict = { coerce: false, wrap };
  if (!coerce) return [strict];
  // Without a registered schema "as it is" has been answered already.
  const first = members.some((member) => member.foreign === true) ? [strict] : [];
  const bent = { coerce: true, wrap };
  if (!wrap || !members.some((member) => member.wraps === true)) return [...first, bent];
  return [...first, { coerce: true, wrap: false }, bent];
}
