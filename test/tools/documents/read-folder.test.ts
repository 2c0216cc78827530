import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { endingOf, readFound, walkFolder } from "../../../src/tools/documents/read-folder.ts";

let home: string;
let root: string;

beforeAll(async () => {
  home = await realpath(await mkdtemp(join(tmpdir(), "flock-folder-")));
  root = join(home, "docs");
  await mkdir(join(root, "inner"), { recursive: true });
  await writeFile(join(home, "secret.txt"), "secret");
  await writeFile(join(root, "a.txt"), "open");
  await symlink(join(home, "secret.txt"), join(root, "out.txt"));
  await symlink("a.txt", join(root, "in.txt"));
  await symlink(home, join(root, "up"));
});

afterAll(async () => {
  await rm(home, { recursive: true, force: true });
});

/** Reads a path as if it had been found as a plain file a moment ago. */
async function read(...parts: readonly string[]) {
  const path = join(root, ...parts);
  const content = await readFound(root, { file: parts.join("/"), path }, 100);
  return "reason" in content ? content.reason : Buffer.from(content).toString();
}

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

describe("readFound", () => {
  it("reads a file of the folder", async () => {
    expect(await read("a.txt")).toBe("open");
  });

  it("refuses what was swapped for a link, a folder or nothing since it was found", async () => {
    expect(await read("out.txt")).toBe("path_forbidden");
    expect(await read("up", "secret.txt")).toBe("path_forbidden");
    expect(await read("..", "secret.txt")).toBe("path_forbidden");
    expect(await read("inner")).toBe("unreadable");
    expect(await read("gone.txt")).toBe("unreadable");
  });

  it("refuses a file that is too large", async () => {
    await writeFile(join(root, "large.txt"), "x".repeat(101));
    expect(await read("large.txt")).toBe("too_large");
    await rm(join(root, "large.txt"));
  });
});

describe("walkFolder", () => {
  it("gives files in order of name, and links that lead out as skipped", async () => {
    const found = await collect(walkFolder(root));
    expect(found.map((one) => ("reason" in one ? `${one.file} ${one.reason}` : one.file))).toEqual([
      "a.txt",
      "out.txt path_forbidden",
      "up path_forbidden",
    ]);
  });

  it("reports a folder that cannot be listed", async () => {
    const found = await collect(walkFolder(root, join(root, "gone")));
    expect(found).toEqual([{ file: "gone", reason: "unreadable", message: "it does not exist" }]);
    expect(await collect(walkFolder(join(root, "gone")))).toMatchObject([{ file: ".", reason: "unreadable" }]);
  });
});

describe("endingOf", () => {
  it("gives the last ending in lower case", () => {
    expect(["a.TXT", "b.tar.gz", "c", "d.", "folder.md/e"].map(endingOf)).toEqual(["txt", "gz", "", "", ""]);
  });
});
