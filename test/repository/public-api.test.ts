/** Keeps the public API a text that people review: a change of it shows as a diff of docs/public-api.txt. */

import { expect, it } from "vitest";
import { parseAst } from "vitest/node";
import { filesIn, readText } from "./manifest.ts";

interface ReExport {
  readonly type: string;
  readonly exportKind?: string;
  readonly specifiers?: readonly { readonly exportKind?: string; readonly exported: { readonly name?: string } }[];
}

/** Names everything an entry exports, types marked as such, in alphabetical order. */
function namesOf(code: string): readonly string[] {
  const { body } = parseAst(code, { lang: "ts" }) as unknown as { readonly body: readonly ReExport[] };
  return body
    .flatMap(({ exportKind, specifiers = [] }) =>
      specifiers.map((specifier) => {
        const isType = exportKind === "type" || specifier.exportKind === "type";
        return `${specifier.exported.name}${isType ? " (type)" : ""}`;
      }),
    )
    .sort();
}

it("reads names and types", () => {
  const code = 'export { b, type A, x as c } from "./a.ts"; export type { D } from "./d.ts";';
  expect(namesOf(code)).toEqual(["A (type)", "D (type)", "b", "c"]);
});

it("is the reviewed one; after a decision run: npx vitest run test/repository -u", async () => {
  const text = filesIn("src/entries").map((file) => {
    const name = file === "index.ts" ? "flock-ts" : `flock-ts/${file.replace(/\.ts$/, "")}`;
    return `${name}\n${namesOf(readText(`src/entries/${file}`))
      .map((line) => `  ${line}\n`)
      .join("")}`;
  });
  expect(text.length).toBeGreaterThan(0);
  await expect(text.join("\n")).toMatchFileSnapshot("../../docs/public-api.txt");
});
