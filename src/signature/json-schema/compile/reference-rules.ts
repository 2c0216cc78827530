/** The keywords that hold a value to a schema elsewhere in the document: `$ref` and `$dynamicRef`. */

import type { Resource, SchemaDocument } from "./schema-document.ts";
import type { DynamicScope, Rule, SchemaNode, SchemaRun } from "./schema-node.ts";

/** Makes the rule of a `$ref`. */
export function referenceRule(document: SchemaDocument, target: SchemaNode): Rule {
  const home = document.homeOf(target);
  if (!document.isDynamic) {
    return {
      fits: (value, run, seen) => target.fits(value, run, seen),
      explain: (value, pointer, run) => target.explain(value, pointer, run),
    };
  }
  return {
    fits: (value, run, seen) => within(home, run, () => target.fits(value, run, seen)),
    explain: (value, pointer, run) => within(home, run, () => target.explain(value, pointer, run)),
  };
}

/**
 * Makes the rule of a `$dynamicRef`: it leads where a `$ref` would, unless that is a `$dynamicAnchor`; then to the anchor
 * of that name in the outermost schema with an id the check came through.
 */
export function dynamicRule(document: SchemaDocument, reference: string, target: SchemaNode): Rule {
  const anchor = reference.split("#")[1] ?? "";
  if (document.homeOf(target).dynamicAnchors.get(anchor) !== target) return referenceRule(document, target);
  const outermost = (run: SchemaRun): SchemaNode => {
    let found = target;
    for (let scope = run.scope; scope !== undefined; scope = scope.above) found = scope.anchors.get(anchor) ?? found;
    return found;
  };
  return {
    fits(value, run, seen) {
      const node = outermost(run);
      return within(document.homeOf(node), run, () => node.fits(value, run, seen));
    },
    explain(value, pointer, run) {
      const node = outermost(run);
      within(document.homeOf(node), run, () => node.explain(value, pointer, run));
    },
  };
}

/** Does something with one more schema on the way through the document. */
export function within<T>(home: Resource, run: SchemaRun, act: () => T): T {
  const above: DynamicScope | undefined = run.scope;
  run.scope = { anchors: home.dynamicAnchors, above };
  const result = act();
  run.scope = above;
  return result;
}
