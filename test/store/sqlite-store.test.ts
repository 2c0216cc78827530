import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";
import { SqliteStore } from "../../src/store/sqlite/sqlite-store.ts";
import { describeKeyValueStore } from "./key-value-conformance.ts";

const scratch = mkdtempSync(join(tmpdir(), "flock-sqlite-"));
afterAll(() => rmSync(scratch, { recursive: true }));

describeKeyValueStore(
  "SqliteStore",
  async (runtime, name) => new SqliteStore({ path: join(scratch, `${name}.db`), runtime }),
);
