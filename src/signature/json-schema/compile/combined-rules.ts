/** The keywords that hold a value to several schemas at once: `allOf`, `anyOf`, `oneOf`, `not`, `if`, `dependentSchemas`. */

import type { ValueIssue } from "../../../core/errors/errors.ts";
import { describeValue } from "../../../core/errors/options.ts";
import type { JsonSchema } from "../../../core/json/json.ts";
import { kindOf, kinds } from "./json-kinds.ts";
import { has } from "./object-rule.ts";
import { type Rule, type SchemaNode, type SchemaRun, Seen } from "./schema-node.ts";

/** Makes the rules of a schema that combine others. `at` gives the schema at a keyword, which judges the same value. */
export function combinedRules(schema: JsonSchema, at: (...steps: readonly string[]) => SchemaNode): readonly Rule[] {
  const members = (word: string): readonly SchemaNode[] => {
    const list = schema[word];
    return Array.isArray(list) ? list.map((_, index) => at(word, String(index))) : [];
  };
  const found: Rule[] = [];
  if (schema.allOf !== undefined) found.push(allRule(members("allOf")));
  if (schema.anyOf !== undefined) found.push(anyRule(members("anyOf")));
  if (schema.oneOf !== undefined) found.push(oneRule(members("oneOf")));
  if (schema.not !== undefined) found.push(notRule(at("not")));
  if (schema.if !== undefined) {
    const [then, otherwise] = [schema.then, schema.else];
    found.push(
      ifRule(at("if"), then === undefined ? undefined : at("then"), otherwise === undefined ? undefined : at("else")),
    );
  }
  for (const name of Object.keys((schema.dependentSchemas ?? {}) as JsonSchema)) {
    found.push(dependentRule(name, at("dependentSchemas", name)));
  }
  return found;
}

function allRule(members: readonly SchemaNode[]): Rule {
  return {
    fits(value, run, seen) {
      for (let index = 0; index < members.length; index++) if (!members[index]!.fits(value, run, seen)) return false;
      return true;
    },
    explain(value, pointer, run) {
      for (const member of members) member.explain(value, pointer, run);
    },
  };
}

/** What a member that fits has looked at counts; what one that does not fit has looked at does not. */
function memberFits(member: SchemaNode, value: unknown, run: SchemaRun, seen: Seen | undefined): boolean {
  if (seen === undefined) return member.fits(value, run, undefined);
  const own = new Seen();
  if (!member.fits(value, run, own)) return false;
  seen.add(own);
  return true;
}

function anyRule(members: readonly SchemaNode[]): Rule {
  const fits: Rule["fits"] = (value, run, seen) => {
    let found = false;
    for (let index = 0; index < members.length; index++) {
      if (!memberFits(members[index]!, value, run, seen)) continue;
      // All that fit must be known where it matters what they looked at.
      if (seen === undefined) return true;
      found = true;
    }
    return found;
  };
  return {
    fits,
    explain(value, pointer, run) {
      if (!fits(value, run, undefined)) explainNearest(members, value, pointer, run);
    },
  };
}

function oneRule(members: readonly SchemaNode[]): Rule {
  const count = (value: unknown, run: SchemaRun, seen: Seen | undefined): number => {
    let found = 0;
    for (let index = 0; index < members.length; index++) if (memberFits(members[index]!, value, run, seen)) found++;
    return found;
  };
  return {
    fits: (value, run, seen) => count(value, run, seen) === 1,
    explain(value, pointer, run) {
      const found = count(value, run, undefined);
      if (found === 0) explainNearest(members, value, pointer, run);
      if (found < 2) return;
      run.report(pointer, `expected exactly one of ${members.length} forms, fits ${found}`, "one form", value);
    },
  };
}

/** Of several forms none of which fits, tells what is wrong with the one that is nearest. */
function explainNearest(members: readonly SchemaNode[], value: unknown, pointer: string, run: SchemaRun): void {
  let nearest: readonly ValueIssue[] | undefined;
  for (const member of members) {
    const tried = run.fork();
    member.explain(value, pointer, tried);
    run.steps = tried.steps;
    // A form whose own type fits is nearer than one that is wrong at the top.
    const issues = tried.issues ?? [];
    const isInside = issues.every((issue) => issue.pointer !== pointer);
    if (isInside && (nearest === undefined || issues.length < nearest.length)) nearest = issues;
  }
  if (nearest !== undefined) return run.take(nearest);
  const forms = members.length === 1 ? "the form" : `none of ${members.length} forms`;
  const message = `fits ${members.length === 1 ? "not " : ""}${forms}, received ${describeValue(value)}`;
  run.report(pointer, message, "one form", value);
}

function notRule(member: SchemaNode): Rule {
  return {
    fits: (value, run) => !member.fits(value, run, undefined),
    explain(value, pointer, run) {
      if (member.fits(value, run, undefined)) {
        run.report(pointer, "is what the schema forbids", "another value", value);
      }
    },
  };
}

function ifRule(condition: SchemaNode, then: SchemaNode | undefined, otherwise: SchemaNode | undefined): Rule {
  return {
    fits(value, run, seen) {
      const branch = memberFits(condition, value, run, seen) ? then : otherwise;
      return branch === undefined || branch.fits(value, run, seen);
    },
    explain(value, pointer, run) {
      const branch = condition.fits(value, run, undefined) ? then : otherwise;
      branch?.explain(value, pointer, run);
    },
  };
}

function dependentRule(name: string, member: SchemaNode): Rule {
  const applies = (value: unknown): boolean => kindOf(value) === kinds.object && has(value as {}, name);
  return {
    fits: (value, run, seen) => !applies(value) || member.fits(value, run, seen),
    explain(value, pointer, run) {
      if (applies(value)) member.explain(value, pointer, run);
    },
  };
}
