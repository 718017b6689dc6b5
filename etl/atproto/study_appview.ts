import { AppView } from "./appview.ts";
import { Session } from "./session.ts";
import type { Context } from "../command/command.ts";
import { duration } from "../run/duration.ts";
import { urlVariable } from "../run/option.ts";

/**
 * Give the AppView that a study asks: the one named, else `BLUESKY_APPVIEW`, else that of study.yaml.
 *
 * Requests use the login, if there is one. Waits are reported. Throws a usage error for an
 * invalid address or login.
 */
export function openAppView(
  { paths, study, progress, signal }: Pick<Context, "paths" | "study" | "progress" | "signal">,
  named?: string,
): AppView {
  const service = named ?? urlVariable("BLUESKY_APPVIEW", "https:", "http:") ??
    study.sources.most_liked.appview;
  return new AppView(service, {
    signal,
    session: Session.fromEnvironment(paths, service),
    onWait: (seconds, reason) => progress.say(`${reason}; waiting ${duration(seconds * 1000)}`),
  });
}
