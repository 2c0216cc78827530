/** Guards the guard: on the host's older Node everything else here would prove nothing. */

import { expect, it } from "vitest";

it("runs on the pinned Node, not on the host's", () => {
  expect(Number(process.versions.node.split(".")[0])).toBeGreaterThanOrEqual(24);
});
