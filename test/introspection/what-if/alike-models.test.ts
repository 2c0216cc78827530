import { describe, expect, it } from "vitest";
import { alikeModels } from "../../../src/introspection/advise/what-if/alike-models.ts";
import type { DescribedCall } from "../run-events.ts";
import { episodesFrom, repeat } from "./episodes-from.ts";

const labels = ["billing", "delivery", "praise", "other"];

/** A run in which one model answers one input of a triage agent. */
function asked(
  model: string,
  index: number,
  change: Partial<DescribedCall> & { label?: string; cost?: number; ms?: number } = {},
): DescribedCall {
  const {
    label = labels[index % 4]!,
    cost = model === "big" ? 400 : 100,
    ms = model === "big" ? 900 : 300,
    ...rest
  } = change;
  const output = { label, urgent: index % 3 === 0 };
  const ended = { outcome: rest.outcome ?? "ok", ...(rest.code === undefined ? {} : { code: rest.code }) } as const;
  return {
    ...{ name: "triage", input: { text: `letter ${index}` }, writes: ["label", "urgent"], output, ms },
    calls: [{ name: model, ms, costMicroUsd: cost, ...ended }],
    ...rest,
  };
}

function advise(runs: readonly DescribedCall[]) {
  return alikeModels({ name: "triage", episodes: episodesFrom(runs), knobs: undefined });
}

/** Both models, in turn, over so many inputs. */
function inTurn(count: number, small: (index: number) => DescribedCall = (index) => asked("small", index)) {
  return repeat(count, (index) => [asked("big", index), small(index)]).flat();
}

describe("alikeModels", () => {
  it("advises the cheaper model when both answered alike", () => {
    const [advice, ...more] = advise(inTurn(60));
    expect(more).toEqual([]);
    console.log(JSON.stringify(advice, null, 1));
    expect(advice?.suggestion.id).toBe("model:triage");
  });
});
