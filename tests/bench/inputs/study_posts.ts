/**
 * Makes the tables of a whole study for measurements, as `preprocess` and classifiers would have left
 * them: seeded, so that the same seed gives the same rows.
 *
 * DuckDB writes them day by day, so that a month of the network takes minutes. Shares are set by hand;
 * texts are halves of those of `posts.ts`, put together.
 */
import { dirname } from "node:path";
import { readStudy } from "../../../etl/study/study.ts";
import { type Database, literal } from "../../../etl/store/duckdb.ts";
import type { DataPaths } from "../../../etl/store/paths.ts";
import { COVERAGE, POSTS, WINDOWS, withColumns } from "../../../etl/store/tables.ts";
import { randomNumbers } from "../../etl/atproto/mutation.ts";
import { textWriter } from "./posts.ts";
import { enterLabelSets, writeLabels } from "./study_labels.ts";
import { writeTable } from "./written_table.ts";
import { SHIPPED_STUDY } from "../../shipped_study.ts";

/** The study whose tables they are. */
export const STUDY = SHIPPED_STUDY;
const HALVES = 40_000;
/** Posts an author wrote, on average. */
const POSTS_AN_AUTHOR = 8;
const FIRST_DAY = Date.parse("2026-03-01");
const DAY_MS = 86_400_000;

export interface StudyPostsOptions {
  posts: number;
  days: number;
  seed: number;
}

/**
 * Write posts of the firehose, coverage, windows, and labels of the dictionary, Perspective and a
 * language model into a data folder. Gives the days.
 */
export async function makeStudyPosts(
  database: Database,
  paths: DataPaths,
  { posts, days, seed }: StudyPostsOptions,
): Promise<string[]> {
  const study = readStudy(STUDY);
  await prepare(database, seed);
  await enterLabelSets(database, paths, study);
  const perDay = Math.ceil(posts / days);
  const names = Array.from(
    { length: days },
    (_, index) => new Date(FIRST_DAY + index * DAY_MS).toISOString().slice(0, 10),
  );
  const flags = Object.keys(study.filters);
  const table = withColumns(
    POSTS,
    Object.fromEntries(flags.map((name) => [`flag_${name}`, "BOOLEAN"])),
  );
  for (const [index, day] of names.entries()) {
    const first = index * perDay;
    const until = Math.min(posts, first + perDay);
    const authors = Math.ceil(posts / POSTS_AN_AUTHOR);
    await database.run(
      `CREATE OR REPLACE TEMP TABLE day_posts AS ${dayQuery(day, first, until, authors, flags)}`,
    );
    await writeTable(database, table, "FROM day_posts", paths.posts(day));
    await writeLabels(database, paths, day);
    await writeCollection(database, paths, day);
  }
  await database.run("DROP TABLE day_posts; DROP TABLE halves");
  return names;
}

/**
 * Write the posts and labels of a day again as those of another, `later` days after it, under other
 * uris; quicker than making them. Authors and texts are the same.
 */
export async function repeatDay(
  database: Database,
  paths: DataPaths,
  day: string,
  later: number,
): Promise<string> {
  const other = new Date(Date.parse(day) + later * DAY_MS).toISOString().slice(0, 10);
  const names = paths.names("labels");
  const copies: [string, string, string[]][] = [
    [paths.posts(day), paths.posts(other), ["reference_time", "created_at"]],
    ...names.map((name): [string, string, string[]] => [
      paths.labels(name, day),
      paths.labels(name, other),
      ["label_timestamp"],
    ]),
  ];
  for (const [from, to, times] of copies) {
    await Deno.mkdir(dirname(to), { recursive: true });
    const moved = times.map((name) => `${name} + to_days(${later}) AS ${name}`).join(", ");
    const size = times.length > 1 ? `ROW_GROUP_SIZE ${POSTS.rowsAGroup},` : "";
    await database.run(
      `COPY (
         SELECT * REPLACE (uri || ${later} AS uri, cid || ${later} AS cid, ${moved})
         FROM read_parquet(${literal(from)}, hive_partitioning = false)
       ) TO ${literal(to)} (FORMAT parquet, COMPRESSION zstd, ${size} COMPRESSION_LEVEL 1)`,
    );
  }
  await writeCollection(database, paths, other);
  return other;
}

/** Say that all of a day was to be collected, and was. */
async function writeCollection(database: Database, paths: DataPaths, day: string): Promise<void> {
  await writeTable(
    database,
    COVERAGE,
    `SELECT 'firehose' AS source, 'wss://relay.test' AS host, minute, 30000 AS events,
       1000 AS posts, 9000000 AS bytes, 1 AS first_cursor, 2 AS last_cursor,
       minute AS covered_from, minute + INTERVAL 1 MINUTE AS covered_until, 0 AS skipped,
       0 AS reconnects, [] AS notes
     FROM (SELECT ${literal(day)}::TIMESTAMP + to_minutes(m) AS minute FROM range(1440) t(m))`,
    paths.coveragePart(day, "bench"),
  );
  await writeTable(
    database,
    WINDOWS,
    `SELECT 'firehose' AS source, opens_at, opens_at + INTERVAL 1 HOUR AS closes_at,
       NULL AS window_prob, 'all' AS setting
     FROM (SELECT ${literal(day)}::TIMESTAMP + to_hours(h) AS opens_at FROM range(24) t(h))`,
    paths.windows("firehose", day),
  );
}

async function prepare(database: Database, seed: number): Promise<void> {
  await database.run(`
    CREATE OR REPLACE TEMP MACRO draw(i, purpose) AS
      (hash(i, hash(purpose || ${seed})) >> 11)::DOUBLE / 9007199254740992.0;
    CREATE OR REPLACE TEMP MACRO letters(i, purpose, n) AS left(md5(i || purpose || ${seed}), n);
    CREATE OR REPLACE TEMP TABLE written (i BIGINT, language VARCHAR, head VARCHAR, tail VARCHAR);`);
  const writer = textWriter(randomNumbers(seed));
  const appender = await database.createAppender("written");
  for (let i = 0; i < HALVES; i++) {
    const { text, language } = writer();
    const space = language === "ja" ? -1 : text.indexOf(" ", text.length / 2);
    const middle = space < 0 ? text.length >> 1 : space;
    appender.appendBigInt(BigInt(i));
    appender.appendVarchar(language);
    appender.appendVarchar(text.slice(0, middle));
    appender.appendVarchar(text.slice(middle));
    appender.endRow();
  }
  appender.closeSync();
  // In the order of languages, so that a second half can be found for a first.
  await database.run(`
    CREATE OR REPLACE TEMP TABLE halves AS
      SELECT * EXCLUDE i, min(place) OVER (PARTITION BY language) AS of_language,
        count(*) OVER (PARTITION BY language) AS size
      FROM (SELECT *, row_number() OVER (ORDER BY language, i) - 1 AS place FROM written);
    DROP TABLE written`);
}

function dayQuery(
  day: string,
  first: number,
  until: number,
  authors: number,
  flags: string[],
): string {
  const known: Record<string, string> = {
    language: "language <> 'en'",
    minimum_length: "length(bare) < 10",
    spam: "draw(i, 'spam') < 0.004",
    nsfw: "draw(i, 'nsfw') < 0.015",
  };
  const flag = (name: string) => `coalesce(${known[name] ?? "false"}, false)`;
  return `
    WITH posts AS (
      SELECT i, floor(${authors} * pow(draw(i, 'author'), 2))::BIGINT AS author,
        a.language, a.head || b.tail AS bare,
        draw(i, 'reply') < 0.42 AS is_reply, draw(i, 'liked') < 0.01 AS is_liked,
        CASE WHEN draw(i, 'tags') < 0.1 THEN 1 + floor(3 * draw(i, 'how many'))::INTEGER
          ELSE 0 END AS tags,
        draw(i, 'link') < 0.18 AS has_link,
        draw(i, 'political') < 0.25 * draw(author, 'politics') AS is_political,
        pow(draw(i, 'tone'), 2) AS tone,
        ${literal(day)}::TIMESTAMP +
          to_microseconds(((i - ${first}) * 86400000000 // ${until - first})::BIGINT)
          AS reference_time
      FROM range(${first}, ${until}) t(i)
      JOIN halves a ON a.place = (hash(i, 'head') % ${HALVES})::BIGINT
      JOIN halves b ON b.place = a.of_language + (hash(i, 'tail') % a.size::UBIGINT)::BIGINT
    ),
    written AS (
      SELECT *, 'did:plc:' || letters(author, 'did', 24) AS did, letters(i, 'rkey', 13) AS rkey,
        list_transform(range(tags), n -> 'tag' || (hash(i, n) % 500)) AS hashtags,
        if(is_reply, 'at://did:plc:' || letters(i // 7, 'root', 24) || '/app.bsky.feed.post/3m' ||
          i // 7, NULL) AS reply_root_uri,
        if(has_link, ['https://' || (hash(i, 'site') % 400) || '.example.org/' ||
          hash(i, 'path')], []) AS links
      FROM posts
    )
    SELECT i, author, is_political, tone, 'at://' || did || '/app.bsky.feed.post/' || rkey AS uri,
      'bafyreibench' || letters(i, 'cid', 32) AS cid, did, rkey, '3m' || i AS rev,
      reference_time,
      reference_time - to_milliseconds((draw(i, 'lag') * 3000)::BIGINT) AS created_at,
      false AS created_at_suspect, true AS in_firehose, false AS in_jetstream,
      is_liked AS in_most_liked, false AS in_import, true AS in_covered_minute,
      bare || coalesce(' #' || nullif(array_to_string(hashtags, ' #'), ''), '') ||
        coalesce(' ' || links[1], '') AS text,
      text AS text_normalized, left(sha256(bare), 32) AS text_hash, [language] AS langs,
      language AS detected_language, 0.9 AS detected_language_score,
      reply_root_uri, reply_root_uri AS reply_parent_uri, if(draw(i, 'image') < 0.14, 'images', NULL) AS embed_kind,
      links[1] AS external_url, [] AS image_alts, hashtags, links, [] AS self_labels,
      if(is_liked, (50 / (draw(i, 'likes') + 0.01))::BIGINT, NULL) AS like_count,
      if(is_liked, 12.0, NULL) AS count_age_hours,
      ${flags.map((name) => `${flag(name)} AS flag_${name}`).join(", ")},
      NOT (${flags.map((name) => `flag_${name}`).join(" OR ")}) AS passed_filters,
      'bench' AS filter_config_hash
    FROM written`;
}
