import type { Parameter } from "./duckdb.ts";
import { identifier } from "./identifier.ts";

/** A column as SQL over the columns of a view; values stand for `?` in it. */
export interface Computed {
  sql: string;
  values: Parameter[];
}

type Run = (sql: string, parameters?: Parameter[]) => void | Promise<void>;

/** What figures ask of a post, … */
const OF_POSTS =
  `date, uri, did, text_hash, reference_time, created_at, created_at_suspect, in_firehose,
  in_jetstream, in_most_liked, in_import, in_covered_minute, detected_language, reply_root_uri,
  passed_filters`;
/** … and of its label. */
const OF_LABELS = `label_set_id, was_successfully_labeled, reason, label_prob,
  COLUMNS('^(is_|lean$|categories$|labels$|prob_|score_)')`;

/** Views of posts whose rows are held in memory: posts once a range of days, labels once a view. */
export class KeptPosts {
  readonly #run: Run;
  /** The table of posts by range. */
  readonly #posts = new Map<string, string>();

  constructor(run: Run) {
    this.#run = run;
  }

  /**
   * Put a temporary view over tables in memory in the place of `posts_<classifier>`, with the posts that
   * passed the filters between two days, inclusive.
   *
   * Posts and labels belong together by the place of the post: that is one number, and joining by it
   * is quick where joining by the columns that a label names is not.
   */
  async keep(view: string, since: string, until: string): Promise<void> {
    const posts = await this.#postsBetween(since, until);
    const classifier = identifier(view.replace(/^posts_/, ""));
    const labels = identifier(`kept_labels_of_${view}`);
    await this.#run(
      `CREATE OR REPLACE TEMP TABLE ${labels} AS
       SELECT post.rowid AS place, ${OF_LABELS}
       FROM memory.main.${classifier} AS label JOIN ${posts} AS post
         ON label.date = post.date AND label.uri = post.uri
       WHERE label.date BETWEEN ?::DATE AND ?::DATE
         AND CASE WHEN label.cid IS NULL THEN label.text_hash = post.text_hash
           ELSE label.cid = post.cid END`,
      [since, until],
    );
    await this.#run(
      `CREATE OR REPLACE TEMP VIEW ${identifier(view)} AS
       SELECT post.* EXCLUDE (cid), label.* EXCLUDE (place)
       FROM ${posts} AS post LEFT JOIN ${labels} AS label ON label.place = post.rowid`,
    );
  }

  /**
   * Put a temporary table of what a view gives in its place, with computed columns.
   *
   * For views that put several rows of labels together, such as those of coders.
   */
  async keepRows(
    view: string,
    { since, until, labelled }: { since: string; until: string; labelled: boolean },
    computed: Record<string, Computed>,
  ): Promise<void> {
    const added = Object.entries(computed).map(([column, { sql }]) =>
      `, ${sql} AS ${identifier(column)}`
    );
    await this.#run(
      `CREATE OR REPLACE TEMP TABLE ${identifier(view)} AS
       SELECT ${OF_POSTS}, ${OF_LABELS}${added.join("")} FROM memory.main.${identifier(view)}
       WHERE passed_filters AND date BETWEEN ?::DATE AND ?::DATE
         ${labelled ? "AND was_successfully_labeled IS NOT NULL" : ""}`,
      [...Object.values(computed).flatMap(({ values }) => values), since, until],
    );
  }

  async #postsBetween(since: string, until: string): Promise<string> {
    const range = `${since} ${until}`;
    const known = this.#posts.get(range);
    if (known !== undefined) return known;
    const name = `kept_posts_${this.#posts.size}`;
    await this.#run(
      `CREATE OR REPLACE TEMP TABLE ${name} AS SELECT ${OF_POSTS}, cid FROM memory.main.posts
       WHERE passed_filters AND date BETWEEN ?::DATE AND ?::DATE`,
      [since, until],
    );
    this.#posts.set(range, name);
    return name;
  }
}
