import type { ContextPart, ContextRow } from "./context_part.ts";
import type { PostContexts } from "./post_context.ts";

/** Stands for the text of a post that a real run would fetch: of usual length. */
const USUAL_PART: ContextPart = {
  kind: "reply_parent",
  text: "Somebody says here in a few words what they think of it, and somebody else answers them",
};

/** Give posts with their contexts; where `isFetched`, what those lack is fetched. */
export async function withContexts<
  T extends ContextRow & { context?: ContextPart[]; isContextMissing?: boolean },
>(
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
