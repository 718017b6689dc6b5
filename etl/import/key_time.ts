/** Digits of the keys that servers give to records, in their order. */
const DIGITS = "234567abcdefghijklmnopqrstuvwxyz";
const KEY = new RegExp(`^[${DIGITS}]{13}$`);
/** The low bits of a key name the clock that gave it. */
const CLOCK_BITS = 10n;

/**
 * Give the time in the key of a record, null where the key holds none.
 *
 * A key is a TID (https://atproto.com/specs/tid): the microsecond in which a server or client made it.
 */
export function readKeyTime(rkey: string): Date | null {
  if (!KEY.test(rkey)) return null;
  const bits = [...rkey].reduce((sum, digit) => sum * 32n + BigInt(DIGITS.indexOf(digit)), 0n);
  const time = new Date(Number((bits >> CLOCK_BITS) / 1000n));
  return Number.isNaN(time.getTime()) ? null : time;
}
