import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FlockError } from "../../src/core/errors/errors.ts";
import { describeFailure } from "../../src/core/events/describe-failure.ts";
import { maskMessage } from "../../src/core/events/mask-message.ts";

const word = fc.constantFrom(
  "connection",
  "refused",
  "after",
  "while",
  "reading",
  "answer",
  "from",
  "server",
  "of",
  "the",
);
const hex = (length: number) =>
  fc.array(fc.constantFrom(..."0123456789abcdef"), { minLength: length, maxLength: length }).map((all) => all.join(""));
const plain = fc.stringMatching(/^[a-zA-Z ]{0,40}$/);

/** What differs from one failure to the next, each two of a kind. */
const variable: Readonly<Record<string, fc.Arbitrary<string>>> = {
  number: fc.oneof(
    fc.integer().map(String),
    fc.double({ noNaN: true, min: -1e6, max: 1e6 }).map((n) => n.toFixed(2)),
  ),
  uuid: fc.uuid(),
  hex: hex(32),
  prefixedId: hex(12).map((id) => `req_0${id}`),
  url: fc.webUrl({ withQueryParameters: true, validSchemes: ["https"] }),
  email: fc.emailAddress().filter((address) => !/[{}'"`]/.test(address)),
  path: fc
    .array(fc.stringMatching(/^[a-z]{1,8}$/), { minLength: 2, maxLength: 5 })
    .map((parts) => `/${parts.join("/")}`),
  windowsPath: fc.stringMatching(/^[a-z]{1,8}$/).map((name) => `C:\\data\\${name}`),
  timestamp: fc
    .date({ noInvalidDate: true, min: new Date(0), max: new Date("2100-01-01") })
    .map((date) => date.toISOString()),
  longDate: fc
    .date({ noInvalidDate: true, min: new Date(0), max: new Date("2100-01-01") })
    .map((date) => date.toUTCString()),
  quoted: plain.map((text) => `"${text}"`),
  singleQuoted: plain.map((text) => `'${text}'`),
  json: fc.object({ maxDepth: 2 }).map((value) => JSON.stringify(value)),
  list: fc.array(fc.integer(), { minLength: 1 }).map((value) => JSON.stringify(value)),
  listed: fc.array(fc.integer(), { minLength: 1, maxLength: 5 }).map((all) => all.join(", ")),
};

const fingerprint = (error: unknown): string => describeFailure(error).fingerprint;
const failed = (
  message: string,
  details: Partial<{ model: string; status: number }> = {},
  cause?: unknown,
): FlockError =>
  new FlockError("model_failed", message, { details: { model: "m", retryable: true, ...details }, cause });

describe("the fingerprint of a failure", () => {
  for (const [kind, values] of Object.entries(variable)) {
    it(`is the same whatever ${kind} the message has`, () => {
      const words = fc.array(word, { minLength: 1, maxLength: 6 });
      fc.assert(
        fc.property(words, words, values, values, (before, after, one, other) => {
          const message = (value: string): string => `${before.join(" ")} ${value} ${after.join(" ")}`;
          expect(fingerprint(failed(message(one)))).toBe(fingerprint(failed(message(other))));
        }),
      );
    });
  }

  it("differs with the words, the code, the class, the model, the status and what caused it", () => {
    class HttpError extends Error {
      override readonly name: string = "HttpError";
    }
    class DnsError extends Error {
      override readonly name: string = "DnsError";
    }
    const kinds = [
      failed("the server hung up"),
      failed("the server fell over"),
      failed("the server hung up", { model: "other" }),
      failed("the server hung up", { status: 500 }),
      failed("the server hung up", { status: 503 }),
      failed("the server hung up", {}, new HttpError("x")),
      failed("the server hung up", {}, new DnsError("x")),
      failed("the server hung up", {}, Object.assign(new Error("x"), { code: "ECONNRESET" })),
      failed("the server hung up", {}, Object.assign(new Error("x"), { code: "ENOTFOUND" })),
      new FlockError("tool_failed", "the server hung up", { details: { tool: "m" } }),
      new Error("the server hung up"),
      new TypeError("the server hung up"),
      "the server hung up",
    ];
    const fingerprints = new Set(kinds.map(fingerprint));
    expect(fingerprints.size).toBe(kinds.length);
    for (const one of fingerprints) expect(one).toMatch(/^[\w-]{16}$/);
  });

  it("differs whenever the words do", () => {
    const words = fc.array(word, { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(words, words, (one, other) => {
        const same = one.join(" ") === other.join(" ");
        expect(fingerprint(failed(one.join(" "))) === fingerprint(failed(other.join(" ")))).toBe(same);
      }),
    );
  });

  it("comes of whatever was thrown: traps, cycles, nothing at all", () => {
    const trap = new Proxy(
      {},
      {
        get: () => {
          throw new Error("do not look");
        },
        has: () => {
          throw new Error("do not ask");
        },
      },
    );
    const round = new Error("round");
    round.cause = new Error("and round", { cause: round });
    const itself = new Error("me");
    itself.cause = itself;
    const getter = Object.defineProperty(new Error("x"), "message", {
      get: () => {
        throw new Error("no");
      },
    });
    const oddities: readonly unknown[] = [
      ...[trap, round, itself, getter, undefined, null, 0, Number.NaN, "", "text", Symbol("s"), 1n, [], {}, () => {}],
      ...[{ message: 5, name: {}, cause: trap, details: trap }, Object.create(null), new Proxy(() => {}, {})],
    ];
    for (const oddity of oddities) expect(fingerprint(oddity)).toMatch(/^[\w-]{16}$/);
    expect(fingerprint(round)).toBe(fingerprint(round));
  });

  it("is the same for any value twice, and no message is longer than 200 characters once masked", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 500 }), (message) => {
        expect(fingerprint(new Error(message))).toBe(fingerprint(new Error(message)));
        expect(maskMessage(message).length).toBeLessThanOrEqual(200);
      }),
    );
  });

  it("looks at a bounded part of hostile messages of a megabyte, in bounded time", () => {
    const pieces = [
      '"',
      "'",
      " '",
      " 'a",
      "{",
      "[",
      "}",
      '{"',
      "\\",
      "@",
      " @1",
      "=a",
      "#",
      "a-",
      "Aa",
      " ",
      "((((",
      "''a",
      "“",
      "1,",
    ];
    for (const piece of pieces) {
      const message = piece.repeat(Math.ceil(1_000_000 / piece.length));
      const start = process.hrtime.bigint();
      maskMessage(message);
      const ms = Number(process.hrtime.bigint() - start) / 1e6;
      expect(ms, `a megabyte of ${piece}`).toBeLessThan(2_000);
      expect(maskMessage(message)).toBe(maskMessage(message.slice(0, 16_384)));
    }
  });
});

describe("a masked message", () => {
  it("still names the kind of failure", () => {
    const of = (message: string): string => maskMessage(message);
    expect(of('model "gpt-5" answered 429 after 3 attempts: rate limited')).toBe(
      "model * answered * after * attempt: rate limited",
    );
    expect(of("connect ECONNREFUSED 127.0.0.1:11434")).toBe("connect ECONNREFUSED *");
    expect(of("ENOENT: no such file or directory, open '/data/a b/c.txt'")).toBe(
      "ENOENT: no such file or directory, open *",
    );
    expect(of("can't read the user's file")).toBe("can't read the user's file");
    expect(of("Unexpected token } in JSON at position 17")).toBe("Unexpected token * in JSON at position *");
    expect(of("1 item left")).toBe(of("12 items left"));
    expect(of("temperature=0.7 is too high")).toBe("temperature=* is too high");
    expect(of("")).toBe("");
  });

  it("holds no key, token or password", () => {
    const secrets = [
      ...[
        "sk-abcdefghijklmnop",
        "ghp_abcdefghijklmnopqrstuvwxyz",
        "AKIAIOSFODNNEXAMPLE",
        "xoxb-abc-def",
        "eyJhbGciOiJub25l",
      ],
      ...["sk-proj-4f9A8b7C6d", "AIzaSyAbCdEfGhIjKlMnOp"],
    ];
    for (const secret of secrets) {
      for (const message of [
        `Incorrect API key provided: ${secret}.`,
        `authorization: Bearer ${secret}`,
        `key=${secret}`,
        secret,
        `(${secret})`,
      ]) {
        expect(maskMessage(message)).not.toContain(secret);
        expect(maskMessage(message)).not.toContain(secret.slice(4, 12));
      }
    }
    expect(maskMessage("the password hunter is wrong")).toBe("the password * is wrong");
    expect(maskMessage("Authorization: Bearer abcdef failed")).toBe("Authorization: Bearer * failed");
  });
});
