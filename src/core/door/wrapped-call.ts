/** Runs the user's own layers around a call, outermost first; each `next` of the innermost is an attempt. */

import { FlockError } from "../errors/errors.ts";
import type { LayerCall, WrapperLayer } from "../layer.ts";

/** Calls the wrappers; `attempt` runs the rest. A wrapper that throws at once rejects like any other. */
export async function runWrapped(
  wrappers: readonly WrapperLayer[],
  call: LayerCall,
  attempt: (call: LayerCall) => Promise<unknown>,
): Promise<unknown> {
  const enter = async (index: number, seen: LayerCall): Promise<unknown> => {
    const wrapper = wrappers[index];
    if (wrapper === undefined) return attempt(seen);
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
