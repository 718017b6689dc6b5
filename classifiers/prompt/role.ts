/** Who a model is to be. */
export const ROLE =
  "You code posts of the social network Bluesky for a scientific study, by a codebook. You take no " +
  "side, and you judge by the definitions below alone.";

/** Give the English name of a country by its code (ISO 3166), such as United States. */
export function countryName(code: string): string {
  return new Intl.DisplayNames("en", { type: "region" }).of(code) ?? code;
}
