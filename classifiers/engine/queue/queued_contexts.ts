import type { ContextPart, ContextRow, PostContexts } from "../../../etl/context/post_context.ts";
import type { PendingPost } from "../../../etl/sampling/pending.ts";

/** Stands, where nothing is fetched, for the text of a post that would be: as long as posts are. */
const USUAL_PART: ContextPart = {
  kind: "reply_parent",
  text: "Somebody says here in a few words what they think of it, and somebody else answers them",
};

/** Give posts with their contexts; where `isFetched`, what those lack is fetched. */
export async function withContexts<T extends PendingPost & ContextRow>(
  contexts: PostContexts,
  posts: T[],
  isFetched: boolean,
): Promise<T[]> {
  const found = await (isFetched ? contexts.complete(posts) : contexts.of(posts));
  return posts.map((post) => {
    const { parts, missing } = found.get(post.uri)!;
    if (isFetched) return { ...post, context: parts, isContextMissing: missing.length > 0 };
    return { ...post, context: [...parts, ...missing.map(() => USUAL_PART)] };
  });
}
