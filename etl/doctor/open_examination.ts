import type { Context } from "../command/command.ts";
import { systemVariable } from "../run/environment.ts";
import { urlVariable } from "../run/option.ts";
import { ROOT } from "../run/task_command.ts";
import type { PartitionFile } from "../store/paths.ts";
import { type AppViewAnswer, askAppView } from "./appview_answer.ts";
import { denoDirOf } from "./deno_dir.ts";
import type { Examination } from "./examination.ts";
import { readMounts } from "./mount.ts";

/** Give the inputs of the checks of `doctor`, for the context of its task. */
export function examination(context: Context, isOnline: boolean): Examination {
  const { paths, study, studyPath, database, signal } = context;
  let files: PartitionFile[] | undefined;
  let answers: Promise<AppViewAnswer[]> | undefined;
  const { appview, feeds } = study.sources.most_liked;
  return {
    paths,
    study,
    studyPath,
    database,
    signal,
    root: ROOT,
    isOnline,
    files: () => files ??= paths.everyFile(),
    appView() {
      const service = urlVariable("BLUESKY_APPVIEW", "https:", "http:") ?? appview;
      const ask = (feed: string) => askAppView(service.replace(/\/+$/, ""), feed, signal);
      return answers ??= Promise.all(feeds.map(ask));
    },
    mounts: readMounts(),
    home: systemVariable("HOME"),
    denoDir: denoDirOf(systemVariable),
  };
}
