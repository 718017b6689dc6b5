import assert from "node:assert/strict";
import { UserError } from "../../../etl/run/error.ts";
import type { CellLimits } from "../../../notebooks/render/cell_process.ts";
import { runSources } from "../cells.ts";

/** Run cells that must fail with a message; gives the error. */
export async function fails(
  data: string,
  sources: string[],
  message: string | RegExp,
  limits?: Partial<CellLimits>,
): Promise<UserError> {
  const error = await runSources(data, sources, limits).then(
    () => assert.fail("the cells ran to their end"),
    (error) => error,
  );
  assert.ok(error instanceof UserError, error.stack);
  if (typeof message === "string") assert.equal(error.message, message);
  else assert.match(error.message, message);
  return error;
}
