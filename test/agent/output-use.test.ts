/** Which outputs of tools an answer took up. */

import type { LanguageModelV4Prompt } from "@ai-sdk/provider";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isLookedAt, outputUseOf } from "../../src/agent/output-use.ts";

type Turn = readonly [tool: string, input: unknown, output: unknown];

function conversation(question: string, turns: readonly Turn[]): LanguageModelV4Prompt {
  return [
    { role: "system", content: "Answer questions about rivers." },
    { role: "user", content: [{ type: "text", text: question }] },
    ...turns.flatMap(([toolName, input, output], at): LanguageModelV4Prompt => {
      const toolCallId = `call-${at}`;
      const error = { type: "error-text", value: `${(output as { error?: string } | null)?.error}` } as const;
      const isError = typeof output === "object" && output !== null && "error" in output;
      return [
        { role: "assistant", content: [{ type: "tool-call", toolCallId, toolName, input }] },
        {
          role: "tool",
          content: [
            {
              ...{ type: "tool-result", toolCallId, toolName },
              output: isError ? error : { type: "json", value: output as never },
            },
          ],
        },
      ];
    }),
  ];
}

const use = (question: string, turns: readonly Turn[], answer: string) =>
  Object.fromEntries(
    outputUseOf(conversation(question, turns), answer).map(({ tool, used, of }) => [tool, { used, of }]),
  );

describe("outputUseOf", () => {
  it.each<[string, string, Turn, string, { used: number; of: number } | undefined]>([
    ["a number", "How long is it?", ["look", {}, { km: 6650 }], "It is 6650 km long.", { used: 1, of: 1 }],
    ["two words", "Where?", ["look", {}, "Egypt and Sudan share a border"], "In Egypt, in Sudan.", { used: 1, of: 1 }],
    ["one word alone", "Where?", ["look", {}, "Egypt and Sudan share a border"], "In Egypt.", { used: 0, of: 1 }],
    ["nothing", "How long?", ["look", {}, { km: 6650 }], "I do not know.", { used: 0, of: 1 }],
    ["what was asked", "Is it 6650 km?", ["look", {}, { km: 6650 }], "Yes, 6650 km.", undefined],
    ["what the tool was asked", "Which?", ["look", { at: 6650 }, { km: 6650 }], "6650", undefined],
    ["nothing to compare", "Is it long?", ["look", {}, { long: true, at: 5 }], "true 5", undefined],
    ["an error", "How long?", ["look", {}, { error: "6650 broke" }], "6650", undefined],
    ["words without spaces", "哪里?", ["look", {}, "尼罗河流经埃及和苏丹"], "它流经埃及和苏丹。", { used: 1, of: 1 }],
    ["another case", "Where?", ["look", {}, "EGYPT SUDAN"], "egypt, sudan", { used: 1, of: 1 }],
  ])("tells use by %s", (_, question, turn, answer, expected) => {
    expect(use(question, [turn], answer)).toEqual(expected === undefined ? {} : { look: expected });
  });

  it("counts an output as used that a later tool call took up, and each tool by itself", () => {
    const turns: Turn[] = [
      ["search", { q: "nile" }, [{ id: "doc-4711", title: "Source" }]],
      ["open", { id: "doc-4711" }, "Lake Victoria feeds it, at 1134 metres."],
      ["search", { q: "length" }, [{ id: "doc-9000" }]],
    ];
    expect(use("Where does it begin?", turns, "At 1134 metres.")).toEqual({
      search: { used: 1, of: 2 },
      open: { used: 1, of: 1 },
    });
  });

  it("never says that more was used than there was, and all when the answer is the output, whatever comes", () => {
    const json = fc.jsonValue({ maxDepth: 3 });
    const turn = fc.tuple(fc.constantFrom("a", "b", "__proto__"), json, json);
    fc.assert(
      fc.property(fc.string(), fc.array(turn, { maxLength: 5 }), fc.string(), (question, turns, answer) => {
        for (const { used, of } of Object.values(use(question, turns, answer))) {
          expect(used).toBeLessThanOrEqual(of);
          expect(of).toBeLessThanOrEqual(turns.length);
        }
        const all = use(question, turns, turns.map(([, , output]) => JSON.stringify(output)).join(" "));
        for (const { used, of } of Object.values(all)) expect(used).toBe(of);
      }),
    );
  });

  it("takes what a tool has changed since, to what is no JSON, for what it is", () => {
    const circle: Record<string, unknown> = { number: 6650, big: 10n, more: undefined };
    circle.self = circle;
    const broken = {
      get text(): string {
        throw new Error("gone");
      },
    };
    expect(use("What?", [["look", {}, circle]], "6650")).toEqual({ look: { used: 1, of: 1 } });
    expect(use("What?", [["look", {}, broken]], "6650")).toEqual({});
    const told = outputUseOf(conversation("What?", [["look", {}, { km: 6650 }]]), "6650");
    expect([told, ...told].every(Object.isFrozen)).toBe(true);
  });

  it("takes its time from the length that is looked at, not from what a tool gives", () => {
    const huge = "word ".repeat(2_000_000);
    expect(use("What?", [["look", {}, `6650 ${huge}`]], "6650")).toEqual({ look: { used: 1, of: 1 } });
  });
});

describe("isLookedAt", () => {
  it("is true of the first 32 calls of an agent, then of one in 64", () => {
    const agent = {};
    const looked = Array.from({ length: 640 }, () => isLookedAt(agent));
    expect(looked.slice(0, 32).every(Boolean)).toBe(true);
    expect(looked.slice(32).filter(Boolean)).toHaveLength(9);
    expect(isLookedAt({})).toBe(true);
  });
});
