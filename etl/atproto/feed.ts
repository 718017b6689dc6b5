import type { AppView } from "./appview.ts";
import type { InvalidItem, PostView } from "./post_view.ts";

/** The lexicon's limit. */
const PAGE = 100;
/** Pages without an item, one behind the other, that end no feed: its filter may leave out a whole one. */
const MOST_EMPTY = 5;

/**
 * Give the items of a feed, page by page, in its order.
 *
 * Ends after `limit` items, at a page without a cursor, at a cursor that is empty or was there before,
 * at the sixth empty page in a row, and where the signal of the AppView is aborted. Throws what `AppView.getFeed` throws.
 */
export async function* feedPages(
  appView: AppView,
  feed: string,
  limit: number,
): AsyncGenerator<(PostView | InvalidItem)[], void> {
  const cursors = new Set<string>();
  let cursor: string | undefined;
  let empty = 0;
  for (let left = limit; left > 0;) {
    const page = await appView.getFeed({ feed, limit: Math.min(PAGE, left), cursor });
    if (page === undefined) return;
    yield page.items.slice(0, left);
    // A page may hold fewer items than were asked for.
    left -= page.items.length;
    cursor = page.cursor;
    empty = page.items.length === 0 ? empty + 1 : 0;
    if (!cursor || cursors.has(cursor) || empty > MOST_EMPTY) return;
    cursors.add(cursor);
  }
}
