/** Managers by name, made when first asked for; of those that nobody uses, the ones asked for longest ago are let go of. */

import type { ResourceManager } from "./resource-manager.ts";

/** A bounded memory of managers. One that is held or waited for is never forgotten. */
export class KeptManagers {
  readonly #mostIdle: number;
  readonly #managers = new Map<string, ResourceManager>();

  constructor(mostIdle = 10_000) {
    this.#mostIdle = mostIdle;
  }

  get size(): number {
    return this.#managers.size;
  }

  get(name: string, make: () => ResourceManager): ResourceManager {
    const manager = this.#managers.get(name) ?? make();
    this.#managers.delete(name);
    this.#managers.set(name, manager);
    if (this.#managers.size > this.#mostIdle) this.#forgetOne(manager);
    return manager;
  }

  #forgetOne(asked: ResourceManager): void {
    for (const [name, manager] of this.#managers) {
      if (manager === asked || manager.queued > 0 || manager.usage().holding > 0) continue;
      this.#managers.delete(name);
      return;
    }
  }
}
