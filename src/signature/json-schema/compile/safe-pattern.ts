/** Temporary */
export class SafePattern {
  readonly source: string;
  readonly fault: string | undefined;
  readonly #expression: RegExp | undefined;
  constructor(source: string) {
    this.source = source;
    try { this.#expression = new RegExp(source, "u"); } catch { this.fault = "is no regular expression of ECMA-262 with the u flag"; }
  }
  canTest(_text: string): boolean { return true; }
  test(text: string): boolean { return this.#expression!.test(text); }
}
