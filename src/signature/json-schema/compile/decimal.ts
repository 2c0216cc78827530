/** Says exactly whether one decimal number is a multiple of another, where binary division would only be near. */

/** Tells whether `value` is a whole number of steps, both taken as the decimals they are written as. */
export function isMultiple(value: number, step: number): boolean {
  if (Number.isSafeInteger(value) && Number.isSafeInteger(step)) return value % step === 0;
  if (!Number.isFinite(value)) return false;
  const [digits, exponent] = partsOf(value);
  const [stepDigits, stepExponent] = partsOf(step);
  const shift = exponent - stepExponent;
  // The exponents of doubles keep this within some 1,300 digits.
  return shift >= 0
    ? (digits * 10n ** BigInt(shift)) % stepDigits === 0n
    : digits % (stepDigits * 10n ** BigInt(-shift)) === 0n;
}

/** Gives the digits and the power of ten of a number's shortest decimal form. */
function partsOf(value: number): readonly [digits: bigint, exponent: number] {
  const [mantissa = "0", power = "0"] = value.toExponential().split("e");
  const [whole = "0", fraction = ""] = mantissa.split(".");
  return [BigInt(whole + fraction), Number(power) - fraction.length];
}
