import { describe, expectTypeOf, it } from "vitest";
import { ErrorManager, type Failure, handler, type MatchedError, RecoveryStrategy } from "../../src/entries/errors.ts";
import type { FlockError } from "../../src/entries/index.ts";

class ParseError extends Error {
  readonly line: number = 0;
}

describe("the error that a handler gets", () => {
  it("is of the class it is for", () => {
    handler(ParseError, (error, failure) => {
      expectTypeOf(error).toEqualTypeOf<ParseError>();
      expectTypeOf(failure).toEqualTypeOf<Failure>();
      return error.line;
    });
    new ErrorManager().registerHandler(ParseError, (error) => expectTypeOf(error).toEqualTypeOf<ParseError>());
  });

  it("has the details of the code it is for", () => {
    handler("rate_limited", (error) => {
      expectTypeOf(error).toEqualTypeOf<FlockError<"rate_limited">>();
      expectTypeOf(error.details.retryAfterMs).toEqualTypeOf<number | undefined>();
    });
  });

  it("is what a type guard says, else unknown", () => {
    const isParse = (error: unknown): error is ParseError => error instanceof ParseError;
    expectTypeOf<MatchedError<typeof isParse>>().toEqualTypeOf<ParseError>();
    handler(
      (error) => error instanceof Error,
      (error) => expectTypeOf(error).toEqualTypeOf<Error>(),
    );
    handler(
      (error) => String(error) !== "",
      (error) => expectTypeOf(error).toBeUnknown(),
    );
    handler("my_own_code", (error) => expectTypeOf(error).toBeUnknown());
  });

  it("lets a strategy be passed as a handler", () => {
    const strategy = new RecoveryStrategy({
      name: "s",
      conditions: [(e) => e instanceof ParseError],
      actions: [() => 1],
    });
    new ErrorManager().registerHandler(TypeError, strategy.attemptRecovery);
    handler("timeout", strategy.attemptRecovery);
  });
});
