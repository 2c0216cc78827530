import { describe, expect, it } from "vitest";
import { loadPackage } from "../../src/core/runtime/optional-package.ts";

describe("loadPackage", () => {
  it("gives the module when it is there", async () => {
    const path = await loadPackage({ name: "node:path", purpose: "join paths", load: () => import("node:path") });
    expect(path.join("a", "b")).toContain("b");
  });

  it("says what to install when it is not", async () => {
    const name = "flock-package-that-nobody-made";
    const wanted = { name, purpose: "test", load: () => nodeImport(name) };
    await expect(loadPackage(wanted)).rejects.toMatchObject({
      code: "package_missing",
      details: { package: name, install: `npm install ${name}`, purpose: "test" },
    });
    await expect(loadPackage({ ...wanted, install: "a b" })).rejects.toThrow(
      "is needed to test and is not installed; run: npm install a b",
    );
  });

  it("passes on the package's own errors", async () => {
    const broken = new TypeError("its start failed");
    await expect(loadPackage({ name: "x", purpose: "y", load: () => Promise.reject(broken) })).rejects.toBe(broken);
    await expect(loadPackage({ name: "x", purpose: "y", load: () => Promise.reject(null) })).rejects.toBe(null);
  });
});

/** Node's own import, past the test runner's module loader. */
async function nodeImport(name: string): Promise<unknown> {
  const { createRequire } = await import("node:module");
  return createRequire(import.meta.url)(name);
}
