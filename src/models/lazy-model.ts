/** Stands for a model named by a string until it is first called: only then is its vendor's package imported. */

import type { LanguageModelV4 } from "@ai-sdk/provider";
import type { Runtime } from "../core/runtime/runtime.ts";
import { adaptModel } from "./adapt-model.ts";
import { isNotFound, packageMissing } from "./model-package.ts";
import type { Vendor, VendorNeeds } from "./vendors.ts";

/** What a model string says. */
export interface ParsedName {
  readonly vendor: Vendor;
  readonly modelId: string;
  /** What the vendor loads. @default modelId */
  readonly path?: string;
}

/**
 * Imports a vendor's package and makes a model with it.
 *
 * @throws model_package_missing when only the import shows that the package is not there.
 */
export async function importVendor<Model>(
  name: string,
  vendor: VendorNeeds,
  load: () => Promise<Model>,
): Promise<Model> {
  try {
    return await load();
  } catch (error) {
    throw isNotFound(error) && vendor.package !== undefined ? packageMissing(name, vendor.package, error) : error;
  }
}

/** A model that imports its vendor's package when it is first called. */
export class LazyModel implements LanguageModelV4 {
  readonly specificationVersion = "v4";
  readonly provider: string;
  readonly modelId: string;
  readonly supportedUrls = {};
  readonly #name: string;
  readonly #vendor: Vendor;
  readonly #path: string;
  readonly #runtime: Runtime;
  #loading: Promise<LanguageModelV4> | undefined;
  #loaded: LanguageModelV4 | undefined;

  constructor(name: string, { vendor, modelId, path = modelId }: ParsedName, runtime: Runtime) {
    this.provider = vendor.name;
    this.modelId = modelId;
    this.#name = name;
    this.#vendor = vendor;
    this.#path = path;
    this.#runtime = runtime;
  }

  doGenerate(options: Parameters<LanguageModelV4["doGenerate"]>[0]): ReturnType<LanguageModelV4["doGenerate"]> {
    return this.#loaded?.doGenerate(options) ?? this.#load().then((model) => model.doGenerate(options));
  }

  doStream(options: Parameters<LanguageModelV4["doStream"]>[0]): ReturnType<LanguageModelV4["doStream"]> {
    return this.#loaded?.doStream(options) ?? this.#load().then((model) => model.doStream(options));
  }

  /** Imports it before the first call; undefined once that is done. */
  prepare(): Promise<unknown> | undefined {
    return this.#loaded === undefined ? this.#load() : undefined;
  }

  #load(): Promise<LanguageModelV4> {
    this.#loading ??= this.#import();
    return this.#loading;
  }

  async #import(): Promise<LanguageModelV4> {
    try {
      const load = () => this.#vendor.load(this.#path, this.#runtime);
      this.#loaded = adaptModel(await importVendor(this.#name, this.#vendor, load));
      return this.#loaded;
    } catch (error) {
      this.#loading = undefined;
      throw error;
    }
  }
}
