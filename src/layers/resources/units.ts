/** Divides what a call needs of custom resources among the managers that count them. */

import { FlockError } from "../../core/errors/errors.ts";
import { nearestName } from "../../core/errors/nearest-name.ts";
import type { ResourceNeeds } from "../../core/resource-settings.ts";
import type { AnyRunnable } from "../../core/runnable.ts";
import type { CountingManager } from "./managers.ts";
import { customNamesOf } from "./resource-manager.ts";

/**
 * Gives for each manager what is to be asked of it. Where no custom resource is limited at all, nothing is.
 *
 * @throws option_invalid for a need that no limit counts where others are counted: it would pass unseen.
 */
export function unitsOf(
  { kind, name }: AnyRunnable,
  needs: ResourceNeeds,
  managers: readonly CountingManager[],
): readonly (ResourceNeeds | undefined)[] {
  const known = managers.map(({ manager, counts }) => (counts === "spending" ? [] : customNamesOf(manager)));
  const all = new Set(known.flat());
  const stray = Object.keys(needs).find((need) => !all.has(need));
  if (stray !== undefined && all.size > 0) throw unknownNeed(`${kind} ${name}`, stray, [...all]);
  return known.map((names) => {
    const counted = names.filter((each) => Object.hasOwn(needs, each));
    return counted.length === 0 ? undefined : Object.fromEntries(counted.map((each) => [each, needs[each]!]));
  });
}

function unknownNeed(owner: string, need: string, known: readonly string[]): FlockError<"option_invalid"> {
  const suggestion = nearestName(need, known);
  const hint =
    suggestion === undefined ? `what is limited there is ${known.join(", ")}` : `did you mean "${suggestion}"?`;
  return new FlockError(
    "option_invalid",
    `${owner} needs ${need}, and no limit that its calls come under counts that; ${hint}`,
    {
      details: {
        option: "needs",
        expected: "names of custom limits",
        received: need,
        ...(suggestion === undefined ? {} : { suggestion }),
      },
    },
  );
}
