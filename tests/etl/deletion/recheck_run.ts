/** Rechecks of collected posts against an AppView on loopback. */
import { type AppView, startAppView } from "../../../demo/network/appview.ts";
import { type PublishedPost, publishedPosts } from "../../../demo/sample/published_post.ts";
import { readSample } from "../../../demo/sample/sample.ts";
import { rawFolder } from "../../raw.ts";
import { query, withData } from "../../rows.ts";
import { runTask } from "../../task.ts";

export const NOW = "2026-06-10T00:00:00Z";
export const SEEN = "2026-06-09";
export const POSTS = publishedPosts(readSample());

export async function withAppView(
  posts: PublishedPost[],
  use: (appView: AppView, data: string) => Promise<void>,
) {
  const appView = startAppView({ posts, now: new Date(NOW) });
  try {
    await withData((data) => use(appView, data));
  } finally {
    await appView.close();
  }
}

export const env = (appView: AppView) => ({ BLUESKY_APPVIEW: appView.url, CIVICSKY_CLOCK: NOW });

export function recheck(appView: AppView, data: string) {
  return runTask(["forget", "--recheck", "--data", data, "--json"], env(appView));
}

export async function collected(data: string, posts: { uri: string }[]) {
  const folder = await rawFolder(data);
  const rows = posts.map(({ uri }) => ({ uri, event_time: `${SEEN} 01:00:00` }));
  await folder.raw("firehose", SEEN, `a.${SEEN}_${SEEN}`, rows);
  return folder;
}

export async function kept(data: string): Promise<unknown[]> {
  const rows = await query(data, "SELECT uri FROM '{data}/raw/firehose/*/*.parquet' ORDER BY uri");
  return rows.map((row) => row.uri);
}
