import type { Context } from "../command/command.ts";
import type { Study } from "../study/study.ts";
import { type Variable, variable } from "../run/environment.ts";
import type { Notice } from "./notice.ts";
import { noticeCommand } from "./notice_command.ts";
import { postWebhook } from "./webhook.ts";

/** A channel for notices. */
export interface Channel {
  name: "webhook" | "command";
  /** Send a notice; throws a `NotSent` on failure. */
  send(notice: Notice, signal: AbortSignal): Promise<void>;
}

/** Give the channels of the environment and the study; an invalid one is reported with `warn`. */
export function channels(
  { study, warn }: Pick<Context, "warn"> & { study: Pick<Study, "notify"> },
): Channel[] {
  const found: Channel[] = [];
  const webhook = secretUrl("CIVICSKY_WEBHOOK", study.notify.webhook, warn);
  if (webhook) {
    found.push({ name: "webhook", send: (notice, signal) => postWebhook(webhook, notice, signal) });
  }
  const { command } = study.notify;
  if (command) {
    found.push({
      name: "command",
      send: (notice, signal) => noticeCommand(command, notice, signal),
    });
  }
  return found;
}

/**
 * Give the secret address for notices that a variable names, else the study's; undefined where neither does.
 *
 * An invalid address is reported with `warn`, without its value, which is a secret.
 */
export function secretUrl(
  name: Variable,
  setting: string | undefined,
  warn: (text: string) => void,
): string | undefined {
  const value = variable(name);
  if (value === undefined) return setting;
  if (URL.canParse(value) && /^https?:$/.test(new URL(value).protocol)) return value;
  warn(`${name} is not an address that starts with https:// (or http://): it gets no notices`);
  return undefined;
}
