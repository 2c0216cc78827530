/** Servers that let a number of calls through and refuse the rest, of every kind, for tests of rates. */

/** Tells of a call that comes at a time: let through, or how long it takes until one would be. */
export interface LimitedServer {
  ask(now: number): { readonly refused: false } | { readonly refused: true; readonly freeInMs: number };
}

const through = { refused: false } as const;

/** Fills up steadily, and holds so many at most. */
export function tokenBucket(capacity: number, perSecond: number): LimitedServer {
  let tokens = capacity;
  let at = 0;
  return {
    ask(now) {
      tokens = Math.min(capacity, tokens + ((now - at) * perSecond) / 1_000);
      at = now;
      if (tokens < 1) return { refused: true, freeInMs: ((1 - tokens) * 1_000) / perSecond };
      tokens -= 1;
      return through;
    },
  };
}

/** So many in any stretch of time. */
export function slidingWindow(calls: number, windowMs: number): LimitedServer {
  const begun: number[] = [];
  return {
    ask(now) {
      while (begun[0] !== undefined && now - begun[0] >= windowMs) begun.shift();
      if (begun.length >= calls) return { refused: true, freeInMs: windowMs - (now - begun[0]!) };
      begun.push(now);
      return through;
    },
  };
}

/** So many from one stroke of the clock to the next. */
export function fixedWindow(calls: number, windowMs: number, phaseMs: number): LimitedServer {
  let window = -1;
  let count = 0;
  return {
    ask(now) {
      const current = Math.floor((now + phaseMs) / windowMs);
      if (current !== window) {
        window = current;
        count = 0;
      }
      if (count >= calls) return { refused: true, freeInMs: (current + 1) * windowMs - phaseMs - now };
      count += 1;
      return through;
    },
  };
}

/** Lets nothing through for a while, then everything. */
export function closedFor(ms: number): LimitedServer {
  return { ask: (now) => (now < ms ? { refused: true, freeInMs: ms - now } : through) };
}

/** Lets nothing through, ever. */
export function refuseAlways(): LimitedServer {
  return { ask: () => ({ refused: true, freeInMs: 1_000 }) };
}
