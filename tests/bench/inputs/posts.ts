/**
 * Makes raw posts for measurements: seeded, so that the same seed gives the same posts.
 *
 * Text lengths, languages and the shares of replies, links, hashtags, copies and deletions are set by
 * hand after what public counts of the network say; no text was ever written by anyone, each is a run
 * of words out of the demo's sample.
 */
import { readSample } from "../../../demo/sample/sample.ts";
import { type Database, literal } from "../../../etl/store/duckdb.ts";
import { relation, writeParquet } from "../../../etl/store/parquet.ts";
import type { DataPaths } from "../../../etl/store/paths.ts";
import { COVERAGE, RAW, type Table, TOMBSTONES } from "../../../etl/store/tables.ts";
import { hashKey, subjectHashSql } from "../../../etl/raw/tombstone.ts";
import { randomNumbers } from "../../etl/atproto/mutation.ts";

/** Share of posts by language, in percent. */
const LANGUAGES = { en: 52, ja: 20, pt: 10, de: 5, es: 5, fr: 4, tr: 4 };
/** Characters of text at the 5th, 15th, … 95th percentile, of at most 300. */
const LENGTHS = [0, 14, 28, 42, 58, 76, 99, 135, 190, 280];
const PART = 50_000;
const FIRST_DAY = Date.parse("2026-03-01");
const DAY_MS = 86_400_000;

export interface PostsOptions {
  posts: number;
  postsPerDay: number;
  seed: number;
}

/**
 * Lay raw posts into a data folder, as sources would have landed them: parts of up to 50,000 posts in
 * the order of time, coverage, and tombstones for one post in a hundred.
 *
 * One in 200 comes twice, one in 300 is a copy of one of 32 texts. Gives how many different posts
 * are left when deletions are applied.
 */
export async function makePosts(
  database: Database,
  paths: DataPaths,
  { posts, postsPerDay, seed }: PostsOptions,
): Promise<number> {
  const key = await hashKey(paths);
  const random = randomNumbers(seed);
  const writer = textWriter(random);
  await database.run(`
    CREATE OR REPLACE TEMP MACRO draw(i, purpose) AS
      (hash(i, purpose, ${seed}) >> 11)::DOUBLE / 9007199254740992.0;
    CREATE OR REPLACE TEMP MACRO letters(i, purpose, n) AS left(md5(i || purpose || ${seed}) ||
      md5(i || purpose || ${seed} || '+'), n);`);
  let left = 0;
  for (let start = 0; start < posts;) {
    const dayIndex = Math.floor(start / postsPerDay);
    const count = Math.min(PART, posts - start, (dayIndex + 1) * postsPerDay - start);
    const day = new Date(FIRST_DAY + dayIndex * DAY_MS).toISOString().slice(0, 10);
    await appendTexts(database, writer, start, count);
    await database.run(
      `CREATE OR REPLACE TEMP TABLE part AS ${postsQuery(day, dayIndex, postsPerDay)}`,
    );
    const name = `bench-${String(start).padStart(9, "0")}`;
    const write = (table: Table, query: string, path: string) =>
      writeParquet(
        database,
        table,
        `SELECT * FROM ${relation(table, [])} UNION ALL BY NAME (${query})`,
        path,
      );
    await write(
      RAW,
      `SELECT * FROM part UNION ALL BY NAME SELECT * REPLACE (cursor + 1 AS cursor) FROM part
         WHERE draw(cursor, 'twice') < 0.005
       ORDER BY event_time, cursor`,
      paths.rawPart("firehose", day, `${name}.${day}_${day}`),
    );
    const gone = await write(
      TOMBSTONES,
      `SELECT ${subjectHashSql(key, "uri")} AS subject_hash, 'post' AS subject_kind,
         'deleted' AS reason, event_time + INTERVAL 10 MINUTE AS event_time, seen_at, host, cursor
       FROM part WHERE draw(cursor, 'deleted') < 0.01`,
      paths.rawPart("tombstones", day, name),
    );
    await write(
      COVERAGE,
      `SELECT 'firehose' AS source, host, date_trunc('minute', event_time) AS minute,
         count(*) * 5 AS events, count(*) AS posts, count(*) * 4000 AS bytes,
         min(cursor) AS first_cursor, max(cursor) AS last_cursor, 0 AS reconnects, [] AS notes
       FROM part GROUP BY ALL`,
      paths.coveragePart(day, name),
    );
    left += count - gone;
    start += count;
  }
  await database.run("DROP TABLE part; DROP TABLE texts");
  return left;
}

export interface Text {
  text: string;
  language: string;
}

/** Give a function that makes one text after the other. */
export function textWriter(random: (below: number) => number): () => Text {
  const words = new Map<string, string[]>(Object.keys(LANGUAGES).map((name) => [name, []]));
  for (const { text, lang } of readSample().posts) {
    const found = lang === "ja"
      ? text.match(/[\p{L}]{1,4}/gu)
      : text.match(/[\p{L}\p{M}'’]+[,.!?]?/gu);
    words.get(lang)?.push(...found ?? []);
  }
  const languages = Object.entries(LANGUAGES).flatMap(([name, share]) =>
    Array<string>(share).fill(name)
  );
  const copies = Array.from({ length: 32 }, () => write("en", 120));
  return () => {
    if (random(300) === 0) return { text: copies[random(32)]!, language: "en" };
    const language = languages[random(100)]!;
    const at = random(LENGTHS.length);
    const lower = at === 0 ? 0 : LENGTHS[at - 1]!;
    return { text: write(language, lower + random(LENGTHS[at]! - lower + 1)), language };
  };
  function write(language: string, length: number): string {
    const known = words.get(language)!;
    // A character of Japanese says as much as two or three of the others.
    const end = language === "ja" ? length * 0.45 : length;
    let text = "";
    while (text.length < end) {
      text += (language === "ja" || text === "" ? "" : " ") + known[random(known.length)]!;
    }
    return text;
  }
}

async function appendTexts(
  database: Database,
  writer: () => Text,
  start: number,
  count: number,
): Promise<void> {
  await database.run(
    "CREATE OR REPLACE TEMP TABLE texts (i BIGINT, text VARCHAR, language VARCHAR)",
  );
  const appender = await database.createAppender("texts");
  for (let i = start; i < start + count; i++) {
    const { text, language } = writer();
    appender.appendBigInt(BigInt(i));
    appender.appendVarchar(text);
    appender.appendVarchar(language);
    appender.endRow();
  }
  appender.closeSync();
}

/** Give the query that makes raw rows of `texts`, spread over the hours of a day. */
function postsQuery(day: string, dayIndex: number, postsPerDay: number): string {
  return `
    WITH drawn AS (
      SELECT *, floor(200000 * pow(draw(i, 'author'), 3))::BIGINT AS author,
        draw(i, 'link') < 0.12 AS has_link, draw(i, 'reply') < 0.45 AS is_reply,
        CASE WHEN draw(i, 'spam') < 0.004 THEN 12 WHEN draw(i, 'tags') < 0.1
          THEN 1 + floor(3 * draw(i, 'how many'))::INTEGER ELSE 0 END AS tags,
        ${literal(day)}::TIMESTAMP
          + to_microseconds(((i - ${
    dayIndex * postsPerDay
  }) * 86400000000 // ${postsPerDay})::BIGINT)
          AS event_time
      FROM texts
    ),
    written AS (
      SELECT i, event_time, language, 'did:plc:' || letters(author, 'did', 24) AS did,
        letters(i, 'rkey', 13) AS rkey, is_reply,
        list_transform(range(tags), n -> 'tag' || (hash(i, n) % 500)) AS hashtags,
        if(has_link, ['https://' || if(draw(i, 'short') < 0.02, 'bit.ly', 'example.org') || '/' ||
          letters(i, 'path', 20)], []) AS links,
        text || coalesce(' #' || nullif(array_to_string(hashtags, ' #'), ''), '')
          || coalesce(' ' || links[1], '') AS text
      FROM drawn
    )
    SELECT 'at://' || did || '/app.bsky.feed.post/' || rkey AS uri,
      'bafyrei' || letters(i, 'cid', 52) AS cid, did, rkey,
      '3m' || lpad(i::VARCHAR, 11, '0') AS rev, i * 10 AS cursor, 'wss://relay.test' AS host,
      event_time + INTERVAL 1 SECOND AS seen_at, event_time,
      strftime(event_time - to_milliseconds((draw(i, 'lag') * 3000)::BIGINT), '%Y-%m-%dT%H:%M:%S.%gZ')
        AS created_at,
      text, if(draw(i, 'langs') < 0.95, [language], []) AS langs,
      if(is_reply, 'at://did:plc:' || letters(i // 7, 'root', 24) || '/app.bsky.feed.post/'
        || letters(i // 7, 'root key', 13), NULL) AS reply_root_uri,
      if(is_reply, 'at://did:plc:' || letters(i // 2, 'parent', 24) || '/app.bsky.feed.post/'
        || letters(i // 2, 'parent key', 13), NULL) AS reply_parent_uri,
      if(draw(i, 'image') < 0.2, 'images', NULL) AS embed_kind, links[1] AS external_url,
      if(draw(i, 'image') < 0.05, ['an image of ' || letters(i, 'alt', 40)], []) AS image_alts,
      hashtags, links, if(draw(i, 'label') < 0.015, ['porn'], []) AS self_labels,
      to_json({'$type': 'app.bsky.feed.post', text: text, createdAt: event_time, langs: [language],
        tags: hashtags, facets: [{index: {byteStart: 0, byteEnd: strlen(text)}}],
        reply: {root: {cid: 'bafyrei' || letters(i, 'root cid', 52), uri: reply_root_uri},
          parent: {cid: 'bafyrei' || letters(i, 'parent cid', 52), uri: reply_parent_uri}}})::VARCHAR
        AS record
    FROM written`;
}
