/** Settles incidents in this process, as a run of a task does. */
import { readStudy, type Study } from "../../../etl/study/study.ts";
import { DataPaths } from "../../../etl/store/paths.ts";
import { type Incident, settleIncidents } from "../../../etl/watch/incidents.ts";
import { withData } from "../../rows.ts";
import { startWebhook, type WebhookServer } from "./webhook_server.ts";
import { SHIPPED_STUDY } from "../../shipped_study.ts";

export const STUDY = readStudy(SHIPPED_STUDY);
export const MACHINE = Deno.hostname();

/** Give an incident that says that its key failed. */
export function incident(key: string, title = `${key} failed`): Incident {
  return { key, title, remedy: "Run it again" };
}

/** Settles as a run does, and keeps what it warned of. */
export class Run {
  readonly warnings: string[] = [];
  readonly signal = new AbortController().signal;
  readonly paths: DataPaths;
  readonly study: Study;
  readonly warn = (text: string) => {
    this.warnings.push(text);
  };

  constructor(data: string, notify: Study["notify"]) {
    this.paths = new DataPaths(data);
    this.study = { ...STUDY, notify };
  }

  settle(...keys: string[]) {
    return settleIncidents(this, "daily", keys.map((key) => incident(key)));
  }
}

/** Run a test with a run whose study names a webhook that listens. */
export async function withWebhook(
  run: (run: Run, webhook: WebhookServer, data: string) => Promise<void>,
  notify: Study["notify"] = {},
): Promise<void> {
  const webhook = startWebhook();
  try {
    await withData((data) =>
      run(new Run(data, { webhook: webhook.url, ...notify }), webhook, data)
    );
  } finally {
    await webhook.close();
  }
}
