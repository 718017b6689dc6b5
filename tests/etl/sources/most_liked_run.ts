/** Runs of sync:most-liked against an AppView on loopback, over the small sample. */
import { type AppView, type AppViewOptions, startAppView } from "../../../demo/network/appview.ts";
import { publishedPosts } from "../../../demo/sample/published_post.ts";
import { smallSample } from "../../demo/small_sample.ts";
import { withData } from "../../rows.ts";
import { runTask, type TaskResult } from "../../task.ts";
import { rawRows } from "./firehose_run.ts";

export const NOW = "2026-06-01T18:00:00Z";
export const posts = publishedPosts(smallSample());
export const byId = (id: string) => posts.find(({ post }) => post.id === id)!;
/** By likes; what the small sample's feed holds at that hour. */
export const RANKED = ["p005", "p006", "p002", "p007"].map(byId);

export async function withAppView(
  options: Partial<AppViewOptions>,
  use: (appView: AppView, data: string) => Promise<void>,
) {
  const appView = startAppView({ posts, now: new Date(NOW), ...options });
  try {
    await withData((data) => use(appView, data));
  } finally {
    await appView.close();
  }
}

export function sync(url: string, data: string, args: string[] = []): Promise<TaskResult> {
  const all = ["sync:most-liked", "--data", data, "--json", ...args];
  return runTask(all, { BLUESKY_APPVIEW: url, CIVICSKY_CLOCK: NOW });
}

export async function ranks(data: string): Promise<[string, number][]> {
  const rows = await rawRows(data, "most_liked");
  return rows.sort((a, b) => a.rank - b.rank).map(({ uri, rank }) => [uri, rank]);
}
