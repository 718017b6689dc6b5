import { basename } from "node:path";
import { parse } from "yaml";
import type { Context } from "../command/command.ts";
import type { UserError } from "../run/error.ts";
import { Notify, type Study } from "../study/study.ts";
import { settleIncidents } from "./incidents.ts";

/** The scope of what keeps every task from starting. */
const SCOPE = "study";

/**
 * Tell people that the study file cannot be read, by the ways that the environment names, and those of
 * the file that can be made out all the same.
 */
export async function tellOfUnreadableStudy(
  { studyPath, ...context }: Pick<Context, "paths" | "studyPath" | "signal" | "warn">,
  { message, remedy }: UserError,
): Promise<void> {
  const study = legible(studyPath);
  const title = `no task can run: ${message}`;
  await settleIncidents({ ...context, study }, SCOPE, [{ key: `${SCOPE}/file`, title, remedy }]);
}

/** Tell who was told of it that the study can be read again. */
export async function tellOfReadableStudy(
  context: Pick<Context, "paths" | "study" | "signal" | "warn">,
): Promise<void> {
  await settleIncidents(context, SCOPE, []);
}

function legible(path: string): Pick<Study, "name" | "notify"> {
  let file: Record<string, unknown> = {};
  try {
    file = Object(parse(Deno.readTextFileSync(path)));
  } catch {
    // What is wrong with it is what is told.
  }
  const notify = Notify.safeParse(file.notify ?? {});
  return {
    name: typeof file.name === "string" ? file.name : basename(path),
    notify: notify.success ? notify.data : {},
  };
}
