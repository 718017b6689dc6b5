import {
  CONTEXT_KINDS,
  type ContextKind,
  type ContextPart,
  type ContextRow,
  SHOWN_POSTS,
} from "./context_part.ts";
import type { AppView } from "../atproto/appview.ts";
import { ContextFetcher } from "./context_fetcher.ts";
import { ContextTexts } from "./context_texts.ts";
import type { Context } from "../command/command.ts";
import type { UserError } from "../run/error.ts";

/** The context of a post, and whether all of it is there. */
export interface PostContext {
  /** In the order of `CONTEXT_KINDS`. */
  parts: ContextPart[];
  /** Posts that it names, whose texts are not known and worth fetching. */
  missing: string[];
}

/**
 * Gives the contexts of pending posts, day after day: the parts in their own rows, and
 * the texts of the posts that they reply to or quote.
 *
 * Those texts come from all raw tables; missing ones are fetched into `raw/context`. Nothing is
 * asked for twice. Deleted and hidden posts are in no context. Without an AppView nothing is
 * fetched. Uses the temporary tables `context_*` of the database.
 */
export class PostContexts {
  /** Damaged files that were left out. */
  readonly #errors: UserError[] = [];
  readonly #fetcher: ContextFetcher | undefined;
  #texts: ContextTexts | undefined;

  constructor(
    readonly context: Pick<Context, "database" | "paths" | "signal">,
    appView?: AppView,
  ) {
    this.#fetcher = appView && new ContextFetcher(context, appView);
  }

  /** Errors of a run that did the rest, each once. */
  get errors(): UserError[] {
    return [...this.#errors, ...this.#fetcher?.errors ?? []];
  }

  /** Items set aside, by reason. */
  get setAside(): Record<string, number> {
    return this.#fetcher?.quarantine.counts ?? {};
  }

  /**
   * Prepare the pending posts of some days, and land contexts that ended runs left in the journal.
   *
   * `pending` is a temporary table with the column `post` (hash of the uri). Throws where a tombstone
   * part is damaged.
   */
  async prepare(pending: string, ...days: string[]): Promise<void> {
    const { database, paths } = this.context;
    await this.#fetcher?.land();
    const { texts, errors } = await ContextTexts.collect(database, paths, pending, days);
    this.#texts = texts;
    for (const error of errors) {
      if (!this.#errors.some(({ message }) => message === error.message)) this.#errors.push(error);
    }
  }

  /** Give the contexts of some of the pending posts, by uri, as far as known; fetches nothing. */
  async of(posts: ContextRow[]): Promise<Map<string, PostContext>> {
    const named = new Set(posts.flatMap((post) => references(post).map(([, uri]) => uri)));
    const states = await this.#prepared().statesOf([...named]);
    return new Map(posts.map((post) => {
      const parts = contextParts(post, (uri) => states.get(uri)?.text ?? null);
      const missing = references(post).map(([, uri]) => uri)
        .filter((uri) => states.get(uri)?.state === "missing");
      return [post.uri, { parts, missing }];
    }));
  }

  /**
   * Give the contexts of some of the pending posts, by uri, and fetch missing texts.
   *
   * Where `missing` is not empty, the AppView failed (see `errors`) or the run is told to stop: such a
   * post is to stay pending, as labels without contexts say less. A context that is gone is not missing.
   * Throws where the login is refused, and where the journal cannot be written.
   */
  async complete(posts: ContextRow[]): Promise<Map<string, PostContext>> {
    const contexts = await this.of(posts);
    const missing = [...new Set([...contexts.values()].flatMap((context) => context.missing))];
    if (missing.length === 0 || this.#fetcher === undefined) return contexts;
    const texts = this.#prepared();
    const readLanded = async (files: string[]) => {
      await texts.readLanded(files);
      const states = await texts.statesOf(missing);
      return missing.filter((uri) => states.get(uri)?.state === "missing");
    };
    const witnesses = posts.map(({ uri }) => uri);
    await texts.learn(await this.#fetcher.fetch(missing, witnesses, readLanded));
    return await this.of(posts);
  }

  /** Land fetched posts. */
  async close(): Promise<void> {
    await this.#fetcher?.land();
  }

  #prepared(): ContextTexts {
    if (this.#texts === undefined) throw new Error("no day is prepared");
    return this.#texts;
  }
}

/**
 * Give the posts that a post names, each once under its first kind: a parent that is also the root is the
 * parent; a quoted post that it replies to is the parent or root.
 */
function references(row: ContextRow): [ContextKind, string][] {
  const seen = new Set([row.uri]);
  const named = SHOWN_POSTS.map(([kind, column]): [ContextKind, string | null] => [
    kind,
    row[column],
  ]);
  return named.filter((reference): reference is [ContextKind, string] => {
    const [, uri] = reference;
    return uri !== null && seen.size !== seen.add(uri).size;
  });
}

/** Give the parts of a post's context; texts that are unknown or empty are no part. */
function contextParts(
  row: ContextRow,
  textOf: (uri: string) => string | null,
): ContextPart[] {
  const found: [ContextKind, string | null][] = [
    ...references(row).map(([kind, uri]) => [kind, textOf(uri)] as [ContextKind, string | null]),
    ["link_title", row.external_title],
    ["link_description", row.external_description],
    ["link_domain", domainOf(row.external_url)],
    ...(row.image_alts ?? []).map((alt) => ["alt_text", alt] as [ContextKind, string]),
    ["self_labels", row.self_labels?.join(", ") ?? null],
  ];
  return found.map(([kind, text]) => ({ kind, text: text?.trim() ?? "" }))
    .filter(({ text }) => text !== "")
    .toSorted((a, b) => CONTEXT_KINDS.indexOf(a.kind) - CONTEXT_KINDS.indexOf(b.kind));
}

function domainOf(url: string | null): string | null {
  return url === null ? null : URL.parse(url)?.hostname.replace(/^www\./, "") ?? null;
}
