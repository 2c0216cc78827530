import { describe, expect, it } from "vitest";
import { boundedFetch, maxBodyBytes } from "../../../src/models/vendor/bounded-fetch.ts";
import { createTestRuntime } from "../../../src/testing/test-runtime.ts";

/** Fetches a body in these chunks, as server-sent events. */
async function fetched(chunks: Iterable<string>, contentType = "text/event-stream; charset=utf-8") {
  const from = chunks[Symbol.iterator]();
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      const chunk = from.next();
      if (chunk.done === true) controller.close();
      else controller.enqueue(new TextEncoder().encode(chunk.value));
    },
  });
  const fetch = async () => new Response(body, { status: 201, headers: { "content-type": contentType, "x-id": "7" } });
  const response = await boundedFetch(createTestRuntime({ fetch }), "m")("http://localhost/");
  let bytes = 0;
  for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) bytes += chunk.length;
  return { bytes, response };
}

function* times(count: number, text: string) {
  for (let index = 0; index < count; index++) yield text;
}

const mebi = 1024 * 1024;

describe("a bounded fetch", () => {
  it("gives status, headers and body as they are, also where there is no body", async () => {
    const { bytes, response } = await fetched(["data: a\n\n", "data: b"]);
    expect([bytes, response.status, response.headers.get("x-id")]).toEqual([16, 201, "7"]);
    const empty = new Response(null, { status: 204 });
    const fetch = async () => empty;
    expect(await boundedFetch(createTestRuntime({ fetch }), "m")("http://localhost/")).toBe(empty);
  });

  it("lets a stream be as long as it likes when its events end, however its lines and chunks do", async () => {
    for (const end of ["\n\n", "\r\n\r\n"]) {
      const text = `data: ${"x".repeat(mebi)}`;
      const split = function* () {
        for (let index = 0; index < 70; index++) {
          yield text;
          yield* end;
        }
      };
      expect((await fetched(split())).bytes).toBe(70 * (mebi + 6 + end.length));
      expect((await fetched(times(70, text + end))).bytes).toBe(70 * (mebi + 6 + end.length));
    }
  });

  it("fails at so many bytes of one event, or of a body that is no stream", async () => {
    await expect(fetched(times(70, "x".repeat(mebi)))).rejects.toMatchObject({
      details: { vendorCode: "body_too_long" },
    });
    await expect(fetched(times(70, `data: ${"x".repeat(mebi)}\r\n`))).rejects.toThrow(
      `more than ${maxBodyBytes} bytes`,
    );
    await expect(fetched(times(70, `${"x".repeat(mebi)}\n\n`), "application/json")).rejects.toThrow("m sent a body");
  });
});
