import type { AppView } from "../atproto/appview.ts";
import { readPost, RecordError } from "../atproto/post.ts";
import type { InvalidItem, PostView } from "../atproto/post_view.ts";
import { toJson } from "../store/json.ts";
import type { Quarantine } from "../store/quarantine.ts";

/** Why a requested post has no text. */
export type Absence = "not_found" | "blocked" | "unreadable";

/** A found row of `raw/context`, but for what stands in its line and the hash. */
export interface FoundContext {
  uri: string;
  cid: string;
  did: string;
  event_time: string;
  created_at: string | null;
  text: string;
  external_title: string | null;
  external_description: string | null;
  external_url: string | null;
  image_alts: string[];
  self_labels: string[];
}

/** The answer of an AppView about some posts. */
export interface ContextAnswer {
  found: FoundContext[];
  absent: { uri: string; status: Absence }[];
}

/**
 * Ask an AppView for posts, at most 25, undefined where the run is told to stop.
 *
 * An unreadable item is set aside, and its post is `unreadable`. If an item does not say which
 * post it is, the missing ones are asked for one by one. Only a logged-in account can be blocked: then a
 * missing post's author is asked for too.
 */
export async function readContexts(
  appView: AppView,
  uris: string[],
  quarantine: Quarantine,
): Promise<ContextAnswer | undefined> {
  const views = await appView.getPosts(uris);
  if (views === undefined) return undefined;
  const answer: ContextAnswer = { found: [], absent: [] };
  const missing = new Set(uris);
  for (const view of views) {
    const uri = view.uri ?? (uris.length === 1 ? uris[0]! : undefined);
    if (uri === undefined || !missing.delete(uri)) continue;
    const found = readContext(view, uri, quarantine);
    if (found) answer.found.push(found);
    else answer.absent.push({ uri, status: "unreadable" });
  }
  const isNamed = views.every(({ uri }) => uri !== undefined);
  for (const uri of missing) {
    if (isNamed) {
      const status = await absenceOf(appView, uri);
      if (status === undefined) return undefined;
      answer.absent.push({ uri, status });
    } else {
      const alone = await readContexts(appView, [uri], quarantine);
      if (alone === undefined) return undefined;
      answer.found.push(...alone.found);
      answer.absent.push(...alone.absent);
    }
  }
  return answer;
}

function readContext(
  view: PostView | InvalidItem,
  uri: string,
  quarantine: Quarantine,
): FoundContext | undefined {
  if ("invalid" in view) {
    quarantine.add("invalid_item", { uri, what: view.what }, toJson(view.invalid));
    return undefined;
  }
  try {
    const post = readPost(view.record);
    return {
      uri,
      cid: view.cid,
      did: view.did,
      event_time: view.indexed_at,
      created_at: post.created_at,
      text: post.text,
      external_title: post.external_title,
      external_description: post.external_description,
      external_url: post.external_url,
      image_alts: post.image_alts,
      self_labels: post.self_labels,
    };
  } catch (error) {
    if (!(error instanceof RecordError)) throw error;
    quarantine.add(error.message, { uri }, toJson(view.record));
    return undefined;
  }
}

async function absenceOf(appView: AppView, uri: string): Promise<Absence | undefined> {
  if (!appView.options.session) return "not_found";
  const state = await appView.getAccountState(/^at:\/\/([^/]+)/.exec(uri)![1]!);
  return state && (state === "blocked" ? "blocked" : "not_found");
}
