import { describeError, explained, UserError } from "../run/error.ts";
import type { Check } from "./check.ts";
import type { Examination } from "./examination.ts";
import { type Finding, problem, warning } from "./finding.ts";

/** A file system that does not answer must not hold up the others. */
const TIMEOUT_MS = 60_000;

/** A finding, and the check that made it. */
export interface CheckFinding extends Finding {
  check: string;
  group: Check["group"];
}

/** Make all checks at once, and give their findings in the order of the checks. */
export async function examine(
  checks: Check[],
  examination: Examination,
  timeoutMs = TIMEOUT_MS,
): Promise<CheckFinding[]> {
  const asked = checks.filter(({ isOnline }) => examination.isOnline || !isOnline);
  const found = await Promise.all(asked.map(async ({ name, group, look }) => {
    const findings = await within(timeoutMs, async () => await look(examination));
    return [findings].flat().map((finding) => ({ check: name, group, ...finding }));
  }));
  return found.flat();
}

async function within(
  ms: number,
  look: () => Promise<Finding | Finding[]>,
): Promise<Finding | Finding[]> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<Finding>((resolve) => {
    timer = setTimeout(() =>
      resolve(warning(
        `this check gave no result in ${ms / 1000} s`,
        "The file system or the network hardly responds: check it before the next run",
      )), ms);
  });
  try {
    return await Promise.race([look().catch(ofError), late]);
  } finally {
    clearTimeout(timer);
  }
}

/** A task may fail for the same reason as a check. */
function ofError(thrown: unknown): Finding {
  const error = explained(thrown);
  if (error instanceof UserError) return problem(error.message, error.remedy);
  const isOfSystem = Object.values(Deno.errors).some((kind) => error instanceof kind);
  // Other messages may quote data.
  const said = isOfSystem ? describeError(error) : error instanceof Error ? error.name : "an error";
  return warning(
    `this check failed (${said})`,
    "Report it, with the version of civicsky",
  );
}
