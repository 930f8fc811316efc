/**
 * Money is an integer of minor units (hundredths) inside and a JSON number with at most two decimals outside.
 * Contract section 2. No floating-point arithmetic happens on it: a wire number is only scaled and rounded.
 */
export type MinorUnits = number;

export function fromWire(amount: number): MinorUnits {
  return Math.round(amount * 100);
}

export function toWire(minor: MinorUnits): number {
  return minor / 100;
}

export function toWireOrNull(minor: MinorUnits | null): number | null {
  return minor === null ? null : toWire(minor);
}

/** True for a number with at most two decimals that is exactly representable in minor units. */
export function isWholeCents(amount: number): boolean {
  const minor = Math.round(amount * 100);
  return Number.isSafeInteger(minor) && minor / 100 === amount;
}

/** `percent` of an amount, rounded half-up to the minor unit. `percent` has at most two decimals. */
export function percentOf(amount: MinorUnits, percent: number): MinorUnits {
  const basisPoints = BigInt(Math.round(percent * 100));
  return Number((BigInt(amount) * basisPoints + 5_000n) / 10_000n);
}

/** An amount at an exchange rate of `numerator / denominator`, rounded half-up. */
export function convert(amount: MinorUnits, numerator: number, denominator: number): MinorUnits {
  const scaled = BigInt(amount) * BigInt(numerator) * 2n + BigInt(denominator);
  return Number(scaled / (BigInt(denominator) * 2n));
}
