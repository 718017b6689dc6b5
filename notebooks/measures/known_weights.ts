/**
 * Give the rows that shares are made of: where some posts say how likely they were to be drawn, only
 * those; where none does, all, which then count alike. The rule of `sharesByDay`.
 */
export function knownWeights<Row extends { is_unsampled: boolean }>(rows: Row[]): Row[] {
  const known = rows.filter(({ is_unsampled }) => !is_unsampled);
  return known.length > 0 ? known : rows;
}
