/** Finds which places of a pattern can follow themselves again, by one way or another. */

/** Gives each place the number of the loop it is in, -1 for none: strongly connected components (Kosaraju). */
export function loopsOf(next: readonly ReadonlySet<number>[]): readonly number[] {
  const order: number[] = [];
  const seen = new Set<number>();
  const finish = (start: number): void => {
    const path: (readonly [at: number, rest: Iterator<number>])[] = [];
    const go = (at: number) => {
      seen.add(at);
      path.push([at, next[at]!.values()]);
    };
    go(start);
    while (path.length > 0) {
      const [at, rest] = path.at(-1)!;
      const step = rest.next();
      if (step.done === true) {
        order.push(at);
        path.pop();
      } else if (!seen.has(step.value)) go(step.value);
    }
  };
  for (let at = 0; at < next.length; at++) if (!seen.has(at)) finish(at);
  const before: number[][] = next.map(() => []);
  next.forEach((all, at) => {
    for (const after of all) before[after]!.push(at);
  });
  const loop: number[] = next.map(() => -2);
  for (const root of order.reverse()) {
    if (loop[root] !== -2) continue;
    const members = [root];
    loop[root] = root;
    for (let index = 0; index < members.length; index++) {
      for (const earlier of before[members[index]!]!) {
        if (loop[earlier] !== -2) continue;
        loop[earlier] = root;
        members.push(earlier);
      }
    }
    if (members.length === 1 && !next[root]!.has(root)) loop[root] = -1;
  }
  return loop;
}
