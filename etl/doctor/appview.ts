import { Session } from "../atproto/session.ts";
import { variable } from "../run/environment.ts";
import type { AppViewAnswer } from "./appview_answer.ts";
import type { Examination } from "./examination.ts";
import { type Finding, ok, problem, warning } from "./finding.ts";

/** Check that there is a whole login or none; throws a usage error where half of one is set. */
export function login({ paths, study }: Examination): Finding[] {
  const session = Session.fromEnvironment(paths, study.sources.most_liked.appview);
  return [ok(session === undefined ? "the AppView is asked without login" : "there is a login")];
}

/** Check that the AppView answers, and has the feeds of the study. */
export async function appView({ appView }: Examination): Promise<Finding[]> {
  return (await appView()).map(ofAnswer);
}

function ofAnswer({ feed, host, status, error, failure }: AppViewAnswer): Finding {
  if (failure !== undefined) {
    return problem(
      `the AppView ${host} cannot be asked: ${failure}`,
      "Check the network and the address (sources.most_liked.appview, BLUESKY_APPVIEW)",
    );
  }
  if (status === 200 && error === undefined) return ok(`the AppView ${host} answers`);
  const said = `(HTTP ${status}, ${error})`;
  if (error === "UnknownFeed" || error === "NotFound") {
    return problem(`${host} knows no feed ${feed}`, "Name another in sources.most_liked.feeds");
  }
  if (status === 401) {
    return hasLogin() ? ok(`the AppView ${host} answers logged-in users`) : problem(
      `${host} requires a login for the feed ${feed} ${said}`,
      "Set BLUESKY_HANDLE and BLUESKY_APP_PASSWORD in .env (see .env.example)",
    );
  }
  if (status === 429) {
    return warning(
      `${host} asks to wait ${said}`,
      "Tasks wait as long as it asks. If it persists, check what else uses it from this address",
    );
  }
  if (status !== undefined && status >= 500) {
    return problem(
      `the AppView ${host} is not ready ${said}`,
      "Try again later. Tasks try it four times, and the next run does the rest",
    );
  }
  return problem(
    `the answer of ${host} is not a feed ${said}`,
    "Check the address (sources.most_liked.appview, BLUESKY_APPVIEW): is that an AppView?",
  );
}

function hasLogin(): boolean {
  return variable("BLUESKY_HANDLE") !== undefined && variable("BLUESKY_APP_PASSWORD") !== undefined;
}
