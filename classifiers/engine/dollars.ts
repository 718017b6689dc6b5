/** Say US dollars: in cents, and what is less than a dollar with two digits that count. */
export function dollars(amount: number): string {
  if (amount >= 1 || amount === 0) return `$${amount.toFixed(2)}`;
  const digits = Math.max(2, 1 - Math.floor(Math.log10(amount)));
  return `$${amount.toFixed(Math.min(8, digits))}`;
}
