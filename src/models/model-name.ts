/** Names a model for people: in paths, events and errors. */

/** Gives `provider/modelId`, or the id alone when it begins with the provider already. */
export function modelName(model: { readonly provider: string; readonly modelId: string }): string {
  const { provider, modelId } = model;
  return modelId.startsWith(`${provider}/`) ? modelId : `${provider}/${modelId}`;
}

/** What a model string that names a file begins with. */
export const llamaScheme = "llama:";
