import type { DataPaths } from "../store/paths.ts";
import { describeError, UserError } from "../run/error.ts";
import type { Study } from "../study/study.ts";

/**
 * Give a study with the notice of a data folder, such as «demo data», before its own.
 *
 * What lies in a folder stays what it is, whatever study file a task is run with. Throws where the
 * folder's notice cannot be read.
 */
export function withDataNotice(study: Study, paths: DataPaths): Study {
  const notices = new Set([readNotice(paths.notice()), study.notice ?? ""]);
  notices.delete("");
  return notices.size === 0 ? study : { ...study, notice: [...notices].join(" ") };
}

function readNotice(path: string): string {
  try {
    return Deno.readTextFileSync(path).trim().replace(/\s+/g, " ");
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound) return "";
    throw new UserError(
      "read the notice of the data",
      describeError(cause),
      `Let the user that runs this read ${path}`,
      { cause },
    );
  }
}
