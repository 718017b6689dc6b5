/** Write a number of bytes in a readable unit. */
export function size(bytes: number): string {
  const [unit, bytesAUnit] = bytes >= 1e12
    ? ["TB", 1e12]
    : bytes >= 1e9
    ? ["GB", 1e9]
    : ["MB", 1e6];
  const value = bytes / bytesAUnit;
  return `${value < 10 ? value.toFixed(1) : Math.round(value).toLocaleString("en")} ${unit}`;
}

/** Write US dollars: in cents, and amounts below a dollar with two significant digits. */
export function dollars(amount: number): string {
  if (amount >= 1 || amount === 0) return `$${amount.toFixed(2)}`;
  const digits = Math.max(2, 1 - Math.floor(Math.log10(amount)));
  return `$${amount.toFixed(Math.min(8, digits))}`;
}
