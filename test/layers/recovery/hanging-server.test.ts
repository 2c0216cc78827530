import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, it } from "vitest";
import { DeclarativeAgent, Flock } from "../../../src/entries/index.ts";
import { hedge } from "./hanging-house.ts";

/** A server on which one request in twenty, the same ones each time, is never answered; the others take 50 ms. */
const open = new Set<object>();
let requests = 0;
let hung = 0;
const server = createServer((request, response) => {
  requests += 1;
  request.resume();
  open.add(response);
  response.on("close", () => open.delete(response));
  if (requests % 20 === 7) {
    hung += 1;
    return;
  }
  setTimeout(() => {
    response.writeHead(200, { "content-type": "application/json" });
    response.end(
      JSON.stringify({
        id: "1",
        created: 1,
        model: "some-model",
        object: "chat.completion",
        choices: [{ index: 0, message: { role: "assistant", content: '{"n":1}' }, finish_reason: "stop" }],
        usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 },
      }),
    );
  }, 50);
});

beforeAll(async () => {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  process.env.OPENAI_COMPATIBLE_BASE_URL = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
  process.env.OPENAI_COMPATIBLE_API_KEY = "key";
});

afterAll(() => {
  server.closeAllConnections();
  server.close();
});

it("hedges a real server's hanging connections away, and closes them", async () => {
  await using flock = new Flock({ model: "openai-compatible/some-model", recovery: hedge() });
  const agent = new DeclarativeAgent({ name: "counter", input: "topic: str", output: "n: int" });
  let cut = 0;
  flock.events.subscribe((event) => void ((event as { code?: string }).code === "timeout" && cut++), {
    types: ["attempt-end"],
  });
  const answers = await Promise.all(Array.from({ length: 200 }, (_, i) => agent.execute(`bees ${i}`, { flock })));
  expect(answers).toHaveLength(200);
  expect(hung).toBeGreaterThanOrEqual(10);
  // Without hedges each of them would have been cut off, which takes 5 s.
  expect(cut).toBe(0);
  for (let i = 0; open.size > 0 && i < 100; i++) await new Promise((resolve) => setImmediate(resolve));
  while (open.size > 0) await once(server, "connection", { signal: AbortSignal.timeout(50) }).catch(() => {});
  expect(open.size).toBe(0);
});
