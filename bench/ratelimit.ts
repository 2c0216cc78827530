/**
 * 1,000 agent runs at once against a model server that takes 200 ms an answer and allows 60 requests in any second, beyond
 * that 429 with Retry-After: how many succeed, how many refusals were seen, and how long it took beside the least that is
 * possible. Run it with `npm run bench:ratelimit`.
 */

import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { DeclarativeAgent, Flock, type FlockOptions } from "../src/entries/index.ts";

const runs = 1_000;
const perSecond = 60;
const answerMs = 200;
/** Sixteen full seconds of requests have to pass before the last forty may begin, and those take their time. */
const boundMs = Math.floor((runs - 1) / perSecond) * 1_000 + answerMs;

interface Limited {
  readonly server: Server;
  readonly address: string;
  refused: number;
}

async function limitedServer(): Promise<Limited> {
  /** Times of the requests that were let in, at most a second old. */
  const begun: number[] = [];
  const answer = JSON.stringify({
    id: "1",
    object: "chat.completion",
    created: 0,
    model: "test-model",
    choices: [{ index: 0, message: { role: "assistant", content: '{"text":"done"}' }, finish_reason: "stop" }],
    usage: { prompt_tokens: 50, completion_tokens: 5, total_tokens: 55 },
  });
  const answerAll = (response: ServerResponse): void => {
    const now = performance.now();
    while (begun.length > 0 && now - begun[0]! >= 1_000) begun.shift();
    if (begun.length >= perSecond) {
      limited.refused += 1;
      const retryAfter = Math.max(0, 1_000 - (now - begun[0]!)) / 1_000;
      response.writeHead(429, { "content-type": "application/json", "retry-after": retryAfter.toFixed(3) });
      response.end('{"error":{"message":"rate limit reached","type":"rate_limit","code":"rate_limit_exceeded"}}');
      return;
    }
    begun.push(now);
    setTimeout(() => {
      response.writeHead(200, { "content-type": "application/json" });
      response.end(answer);
    }, answerMs);
  };
  const server = createServer((request, response) => request.resume().on("end", () => answerAll(response)));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const limited: Limited = {
    server,
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    refused: 0,
  };
  return limited;
}

async function measure(name: string, start: (limited: Limited) => Promise<readonly Promise<unknown>[]>): Promise<void> {
  const limited = await limitedServer();
  const began = performance.now();
  const results = await Promise.allSettled(await start(limited));
  const tookMs = performance.now() - began;
  limited.server.closeAllConnections();
  limited.server.close();
  const succeeded = results.filter(({ status }) => status === "fulfilled").length;
  const ratio = (tookMs / boundMs).toFixed(3);
  process.stdout.write(
    `${name.padEnd(34)} ${((100 * succeeded) / runs).toFixed(1).padStart(6)} %  ${`${limited.refused}`.padStart(4)} × 429  ` +
      `${(tookMs / 1_000).toFixed(2).padStart(6)} s  ${ratio} of ${(boundMs / 1_000).toFixed(1)} s\n`,
  );
}

function startRuns(address: string, modelId: string, options: FlockOptions): readonly Promise<unknown>[] {
  process.env.OPENAI_COMPATIBLE_BASE_URL = address;
  const flock = new Flock({ model: `openai-compatible/${modelId}`, record: false, ...options });
  const agent = new DeclarativeAgent({ name: "writer", input: "topic: str", output: "text: str" });
  return Array.from({ length: runs }, (_, index) => flock.run(agent, `topic ${index}`));
}

// Names apart, since what is learnt of a model holds for the whole process.
await measure("Flock, nothing configured", async ({ address }) => startRuns(address, "undeclared", {}));

await measure("Flock, 60 a second declared", async ({ address }) =>
  startRuns(address, "declared", { resources: { model: { requests: { perSecond } } } }),
);

await measure("fetch, no limit of its own", async ({ address }) =>
  Array.from({ length: runs }, async () => {
    const response = await fetch(`${address}/chat/completions`, { method: "POST", body: "{}" });
    if (!response.ok) throw new Error(`status ${response.status}`);
    return response.json();
  }),
);
