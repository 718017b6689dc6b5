import { basename } from "node:path";
import type { Context } from "../command/command.ts";
import type { UserError } from "../run/error.ts";
import { readText } from "../run/text_file.ts";
import { Notify, type Study } from "../study/study.ts";
import { parseYaml } from "../study/yaml.ts";
import { settleIncidents } from "./incidents.ts";

/** The scope of incidents that keep every task from starting. */
const SCOPE = "study";

/**
 * Notify people that the study file cannot be read, and of the effect, by the channels of the environment, and those of
 * the file that are still readable.
 */
export async function tellOfUnreadableStudy(
  { studyPath, ...context }: Pick<Context, "paths" | "studyPath" | "signal" | "warn">,
  { message, remedy }: UserError,
  effect = "no task can run",
): Promise<void> {
  const study = legible(studyPath);
  const title = `${effect}: ${message}`;
  await settleIncidents({ ...context, study }, SCOPE, [{ key: `${SCOPE}/file`, title, remedy }]);
}

/** Notify them that `daily` cannot run, because the study names a classifier that there is not. */
export async function tellOfUnknownClassifier(
  context: Parameters<typeof tellOfUnreadableStudy>[0],
  error: UserError,
): Promise<void> {
  await tellOfUnreadableStudy(context, error, "daily cannot run");
}

/** Notify the same people that the study can be read again. */
export async function tellOfReadableStudy(
  context: Pick<Context, "paths" | "study" | "signal" | "warn">,
): Promise<void> {
  await settleIncidents(context, SCOPE, []);
}

function legible(path: string): Pick<Study, "name" | "notify"> {
  let file: Record<string, unknown> = {};
  try {
    file = Object(parseYaml(readText(path)));
  } catch {
    // The notice holds the error of the study file.
  }
  const notify = Notify.safeParse(file.notify ?? {});
  return {
    name: typeof file.name === "string" ? file.name : basename(path),
    notify: notify.success ? notify.data : {},
  };
}
