import { now } from "../run/clock.ts";
import type { Context, Outcome } from "../command/command.ts";
import { UserError } from "../run/error.ts";
import { settleIncidents } from "./incidents.ts";
import { overdue } from "./overdue.ts";
import { tellOfReadableStudy, tellOfUnknownClassifier } from "./unreadable_study.ts";

/**
 * Report what is overdue, notify people once, and fail if anything is overdue.
 *
 * `unknown` is the error with which `daily` refuses the classifiers of the study, if it does.
 */
export async function check(context: Context, unknown: UserError | undefined): Promise<Outcome> {
  const { database, paths, study } = context;
  await (unknown ? tellOfUnknownClassifier(context, unknown) : tellOfReadableStudy(context));
  const errors = unknown ? [unknown] : [];
  const found = await overdue(database, paths, study, now());
  const { opened, mended, untold } = await settleIncidents(context, "overdue", found);
  const summary = { data: paths.root, overdue: found, opened, mended, untold };
  if (found.length === 0) return { summary, text: "Nothing is overdue", errors };
  const text = found.map(({ title, remedy }) => `overdue: ${title}\n  ${remedy}`).join("\n");
  errors.push(
    new UserError(
      "call the study up to date",
      found.length === 1 ? "something is overdue" : `${found.length} things are overdue`,
      "The remedies above say what to do",
    ),
  );
  return { summary, text, errors };
}
