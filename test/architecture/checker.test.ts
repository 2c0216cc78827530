/** Proves on small invented houses that each architecture rule can fail, and stays silent when all is well. */

import { describe, expect, it } from "vitest";
import {
  badForm,
  brokenImports,
  circles,
  forbiddenArrows,
  forbiddenPackages,
  forbiddenPowers,
  longWithoutReason,
  siblingLayers,
  upwardInCore,
} from "./check-sources.ts";
import { readSource, type SourceFile } from "./import-graph.ts";

function house(files: Readonly<Record<string, string>>): readonly SourceFile[] {
  return Object.entries(files).map(([path, text]) => readSource(path, text));
}

describe("the reader", () => {
  it("reads every form in which one file can name another", () => {
    const { imports } = readSource(
      "agent/predict.ts",
      [
        'import { a } from "../core/a.ts";',
        'import type { B } from "../core/b.ts";',
        'import { type C } from "../core/c.ts";',
        'import "../core/d.ts";',
        'export * from "../core/e.ts";',
        'export { f } from "../core/f.ts";',
        'export type { G } from "../core/g.ts";',
        'type H = import("../core/h.ts").H;',
        'const i = await import("../core/i.ts");',
        'type J = typeof import("./j.ts");',
      ].join("\n"),
    );
    expect(imports.map(({ target, typeOnly, dynamic, line }) => [line, target, typeOnly, dynamic])).toEqual([
      [1, "core/a.ts", false, false],
      [2, "core/b.ts", true, false],
      [3, "core/c.ts", true, false],
      [4, "core/d.ts", false, false],
      [5, "core/e.ts", false, false],
      [6, "core/f.ts", false, false],
      [7, "core/g.ts", true, false],
      [8, "core/h.ts", true, false],
      [9, "core/i.ts", false, true],
      [10, "agent/j.ts", true, false],
    ]);
  });

  it("is not fooled by comments, strings and templates", () => {
    const text = `/** import { a } from "../agent/a.ts"; Date.now() */
      const text = 'import "../agent/b.ts"';
      const other = \`await import("../agent/c.ts")\`; // x.perform(1)`;
    const file = readSource("core/x.ts", text);
    expect(file.imports).toEqual([]);
    expect(forbiddenPowers([file])).toEqual([]);
  });
});

describe("an arrow", () => {
  it("is told with its place, its name and the way out", () => {
    const found = forbiddenArrows(house({ "patterns/loop.ts": '// why\nimport { Agent } from "../agent/agent.ts";' }));
    expect(found).toEqual([
      "src/patterns/loop.ts:2 draws the forbidden arrow patterns → agent (../agent/agent.ts). Way out: take a Runnable (core/runnable.ts) and call it through context.call.",
    ]);
  });

  it.each([
    ["core/errors/errors.ts", "../../signature/field.ts"],
    ["layers/timeout.ts", "../agent/agent.ts"],
    ["layers/timeout.ts", "../prompt/adapter.ts"],
    ["patterns/loop.ts", "../models/resolve.ts"],
    ["agent/agent.ts", "../layers/timeout.ts"],
    ["agent/agent.ts", "../providers/audit.ts"],
    ["agent/agent.ts", "../introspection/metrics.ts"],
    ["introspection/metrics.ts", "../agent/agent.ts"],
    ["agent/agent.ts", "../entries/index.ts"],
    ["agent/agent.ts", "../testing/runtime.ts"],
    ["flock.ts", "./cli/main.ts"],
    ["models/resolve.ts", "../flock.ts"],
    ["cli/main.ts", "../flock.ts"],
    ["templates/research.ts", "../prompt/adapter.ts"],
  ])("from %s to %s is forbidden in every form of import", (from, to) => {
    const forms = [`import { a } from "${to}"`, `import type { A } from "${to}"`, `export * from "${to}"`];
    const lazily = [`const a = await import("${to}")`, `type A = import("${to}").A`];
    for (const text of [...forms, ...lazily]) expect(forbiddenArrows(house({ [from]: text })), text).toHaveLength(1);
  });

  it.each([
    ["agent/agent.ts", "../prompt/adapter.ts"],
    ["agent/agent.ts", "./predict.ts"],
    ["flock.ts", "./layers/default-stack.ts"],
    ["entries/testing.ts", "../testing/runtime.ts"],
    ["cli/main.ts", "../entries/index.ts"],
    ["core/door/run.ts", "node:crypto"],
  ])("from %s to %s is allowed", (from, to) => {
    expect(forbiddenArrows(house({ [from]: `import { a } from "${to}"` }))).toEqual([]);
  });

  it("from a folder without a row asks for a row", () => {
    expect(forbiddenArrows(house({ "attic/box.ts": "// why" }))[0]).toContain("not in the picture");
  });
});

describe("layers", () => {
  it("may not import each other or the files beside them", () => {
    const found = siblingLayers(
      house({
        "layers/cache/cache-layer.ts": 'import "../recovery/retry.ts"; import "../timeout.ts"; import "./lru.ts";',
        "layers/default-stack.ts": 'import "./cache/cache-layer.ts";',
      }),
    );
    expect(found).toHaveLength(2);
    expect(found[0]).toContain("layers/cache → layers/recovery/retry.ts");
    expect(found[1]).toContain("layers/cache → layers/timeout.ts");
  });
});

describe("a circle", () => {
  it("is told once with all its files, type-only lines included", () => {
    const found = circles(
      house({
        "core/a.ts": 'import type { B } from "./b.ts";',
        "core/b.ts": 'export { c } from "./c.ts";',
        "core/c.ts": 'const a = () => import("./a.ts");',
        "core/d.ts": 'import "./a.ts";',
      }),
    );
    expect(found).toHaveLength(1);
    expect(found[0]).toContain("src/core/a.ts → src/core/b.ts → src/core/c.ts → src/core/a.ts is a circle");
  });

  it("is not seen where two ways lead to one file", () => {
    const diamond = {
      "core/a.ts": 'import "./b.ts"; import "./c.ts";',
      "core/b.ts": 'import "./d.ts";',
      "core/c.ts": 'import "./d.ts";',
      "core/d.ts": "",
    };
    expect(circles(house(diamond))).toEqual([]);
  });

  it("of one file with itself is one too", () => {
    expect(circles(house({ "core/a.ts": 'import "./a.ts";' }))).toHaveLength(1);
  });
});

describe("a broken import", () => {
  it("is told when the file is not there", () => {
    expect(brokenImports(house({ "core/a.ts": 'import "./gone.ts";' }))).toEqual([
      "src/core/a.ts:1 imports ./gone.ts, which is no file below src.",
    ]);
  });
});

describe("a room of core", () => {
  it.each([
    ["core/errors/errors.ts", "../json/json.ts"],
    ["core/events/event.ts", "../runnable.ts"],
    ["core/runnable.ts", "./door/door.ts"],
  ])("may not look up, from %s to %s", (from, to) => {
    expect(upwardInCore(house({ [from]: `import type { A } from "${to}"` }))[0]).toContain("looks up to");
  });

  it("may look down, and has a place", () => {
    const down = {
      "core/door/door.ts": 'import { a } from "../runnable.ts"; import { b } from "./call.ts"',
      "core/knob.ts": 'import { a } from "./errors/errors.ts"',
    };
    expect(upwardInCore(house(down))).toEqual([]);
    expect(upwardInCore(house({ "core/attic/a.ts": "" }))[0]).toContain("in no room of core");
  });
});

describe("a package", () => {
  it.each([
    ["core/a.ts", 'import type { A } from "@ai-sdk/provider";'],
    ["core/a.ts", 'const a = await import("zod");'],
    ["core/a.ts", 'import { z } from "zod";'],
    ["models/a.ts", 'import { a } from "@ai-sdk/openai";'],
    ["models/a.ts", 'import { APICallError } from "@ai-sdk/provider";'],
    ["tools/web.ts", 'import type { Parser } from "htmlparser2";'],
    ["agent/a.ts", 'import { tool } from "flock-ts";'],
  ])("may not be imported in %s by %s", (path, text) => {
    expect(forbiddenPackages(house({ [path]: text }))).toHaveLength(1);
  });

  it.each([
    ["models/a.ts", 'import type { LanguageModelV4 } from "@ai-sdk/provider";'],
    ["signature/a.ts", 'import type { StandardSchemaV1 } from "@standard-schema/spec";'],
    ["models/a.ts", 'const a = await import("@ai-sdk/openai");'],
    ["core/a.ts", 'import { createHash } from "node:crypto";'],
  ])("may be imported in %s by %s", (path, text) => {
    expect(forbiddenPackages(house({ [path]: text }))).toEqual([]);
  });
});

describe("a power", () => {
  it.each([
    "Date.now()",
    'Date["now"]()',
    "const clock = Date.now",
    "new Date()",
    "Math.random()",
    "setTimeout(f, 1)",
    "const later = setTimeout",
    "setInterval(f, 1)",
    "globalThis.setTimeout(f, 1)",
    "performance.now()",
    "crypto.randomUUID()",
    "process.env.HOME",
    "process.memoryUsage()",
    'import { randomUUID } from "node:crypto"',
    'import { setTimeout as sleep } from "node:timers/promises"',
    "fetch(url)",
    "globalThis.fetch(url)",
    "AbortSignal.any([a])",
    'import { AsyncLocalStorage } from "node:async_hooks"',
    "agent.perform(input, context)",
    "agent?.perform(input, context)",
    'agent["perform"](input, context)',
    "agent.perform.call(agent, input, context)",
    'eval("1")',
    'new Function("return 1")',
    "await import(name)",
  ])("is found: %s", (text) => {
    const found = forbiddenPowers(house({ "agent/a.ts": text }));
    expect(found.length).toBeGreaterThan(0);
    expect(found[0]).toMatch(/^src\/agent\/a\.ts:1 uses .+\. Way out: .+\.$/);
  });

  it.each([
    "runtime.setTimeout(f, 1)",
    "runtime.fetch(url)",
    "new Date(runtime.now())",
    "interface Clock { setTimeout(): void; fetch: typeof globalThis.fetch }",
    "const options = { fetch: runtime.fetch, setTimeout: 1 }",
    'typeof agent.perform === "function"',
    "class A { perform(input: string) { return input } }",
    'await import("zod")',
  ])("is not seen where there is none: %s", (text) => {
    expect(forbiddenPowers(house({ "agent/a.ts": text }))).toEqual([]);
  });

  it("is allowed in the one file that owns it", () => {
    expect(
      forbiddenPowers(house({ "core/runtime/system-runtime.ts": "Date.now(); Math.random(); fetch(url)" })),
    ).toEqual([]);
    expect(forbiddenPowers(house({ "core/door/door.ts": "runnable.perform(input, this)" }))).toEqual([]);
    expect(forbiddenPowers(house({ "core/runtime/system-runtime.ts": "AbortSignal.any([])" }))).toHaveLength(1);
  });
});

describe("form", () => {
  it("refuses drawers, inner barrels, other spellings and files without a reason to exist", () => {
    const found = badForm(
      house({
        "core/utils.ts": "/** why */",
        "tools/helpers/a.ts": "/** why */",
        "agent/index.ts": "/** why */",
        "agent/toolLoop.ts": "/** why */",
        "agent/predict.ts": "export const a = 1;",
      }),
    );
    expect(found.map((sentence) => sentence.split(" ")[0])).toEqual([
      "src/core/utils.ts",
      "src/tools/helpers/a.ts",
      "src/agent/index.ts",
      "src/agent/toolLoop.ts",
      "src/agent/predict.ts",
    ]);
  });

  it("accepts the front doors and a first line that starts a program", () => {
    const files = {
      "entries/types.ts": "/** why */",
      "entries/index.ts": "// why",
      "cli/main.ts": "#!/bin/node\n/** why */",
    };
    expect(badForm(house(files))).toEqual([]);
  });

  it("wants a reason for a long file and no reason for a short one", () => {
    const long = house({ "core/a.ts": `${"// line\n".repeat(251)}` });
    const short = house({ "core/a.ts": `${"// line\n".repeat(250)}` });
    expect(longWithoutReason(long, {})[0]).toContain("251 lines");
    expect(longWithoutReason(long, { "core/a.ts": "because" })).toEqual([]);
    expect(longWithoutReason(short, {})).toEqual([]);
    expect(longWithoutReason(short, { "core/a.ts": "because" })[0]).toContain("remove the reason");
  });
});
