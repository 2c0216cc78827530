/** Runs the user's own layers around a call, outermost first; each further `next` of the innermost is a new attempt. */

import { FlockError } from "../errors/errors.ts";
import type { LayerCall, WrapperLayer } from "../layer.ts";

/** Calls the wrappers; `attempt` runs the rest for the n-th time. A wrapper that throws at once rejects like any other. */
export async function runWrapped(
  wrappers: readonly WrapperLayer[],
  call: LayerCall,
  attempt: (call: LayerCall, count: number) => Promise<unknown>,
): Promise<unknown> {
  let attempts = 0;
  const enter = async (index: number, seen: LayerCall): Promise<unknown> => {
    const wrapper = wrappers[index];
    if (wrapper === undefined) {
      attempts += 1;
      return attempt(seen, attempts);
    }
    return wrapper.wrap(seen, (next) => enter(index + 1, checked(wrapper, next)));
  };
  return enter(0, call);
}

function checked(wrapper: WrapperLayer, call: LayerCall): LayerCall {
  if (typeof call?.runnable?.perform === "function") return call;
  throw new FlockError(
    "option_invalid",
    `layer "${wrapper.name}" must give next(call) the call it got, or call.with(…)`,
    {
      details: { option: "next", expected: "a call", received: typeof call },
    },
  );
}
