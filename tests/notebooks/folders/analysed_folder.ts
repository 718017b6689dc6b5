/** Posts of a stream whose hours were drawn and of a feed, with labels of three classifiers drawn at several rates. */
import { CLASSIFIERS } from "../../../classifiers/list.ts";
import { CHAT_COLUMNS, SOCIOPOLITICAL_COLUMNS } from "../../../classifiers/reply/reply_columns.ts";
import { COLUMNS as PERSPECTIVE } from "../../../classifiers/clients/comment_analyzer_attributes.ts";
import { labelTable } from "../../../etl/labels/label_file.ts";
import { DataPaths } from "../../../etl/store/paths.ts";
import { LABEL_SETS, POSTS as POSTS_TABLE, WINDOWS } from "../../../etl/store/tables.ts";
import { uri } from "../../raw.ts";
import { writeRows } from "../../table_file.ts";

export const DAYS = ["2026-06-01", "2026-06-02", "2026-06-04"];
export const HANDLES = ["alice.civicsky.test", "@bob.bsky.social"];
const WORDS = ["senate", "vote", "river", "bread", "morning", "bill", "garden", "don't"];
const LINKS = [
  ["https://www.example.org/senate?page=2", "https://example.org/vote"],
  ["https://wwwnews.example/a#b", "http://example.com"],
];
const LEANS = ["left", "right", "unclear"];
const PER_DAY = 240;
/** How likely each hour of the firehose was to be drawn; the last was chosen. */
const HOURS = { "08": 0.5, "09": 0.25, "10": null };

/** What the tests ask for, and its SQL: the posts of these days, `hours` being 1 / the probability of theirs. */
export const SELECTION = { source: "firehose" as const, since: DAYS[0], until: DAYS[1] };
export const POSTS =
  `(SELECT *, CASE hour(reference_time) WHEN 8 THEN 2 WHEN 9 THEN 4 ELSE 1 END AS hours
  FROM read_parquet('{data}/posts/*/*.parquet', hive_partitioning = true)
  WHERE passed_filters AND date <= '${DAYS[1]}')`;
export const LABELS = (name: string) =>
  `(FROM read_parquet('{data}/labels/${name}/*/*.parquet')
  WHERE was_successfully_labeled)`;
/** Posts of the firehose with the labels of one classifier. */
export const LABELLED = (name: string) =>
  `(SELECT *, hours / label_prob AS w FROM ${POSTS} JOIN ${LABELS(name)} USING (uri)
    WHERE in_firehose)`;
/** Those with the labels of two, weighted by the rarer draw. */
export const JOINED = (a: string, b: string) =>
  `(SELECT *, hours / least(a.label_prob, b.label_prob) AS w FROM ${POSTS} p
    JOIN ${LABELS(a)} a USING (uri) JOIN ${LABELS(b)} b USING (uri) WHERE in_firehose)`;

/** A number from 0 to 1 that looks random and is the same in every run. */
function draw(index: number, purpose: number): number {
  const x = Math.sin(index * 12.9898 + purpose * 78.233) * 43758.5453;
  return x - Math.floor(x);
}

function post(index: number, day: string) {
  const hour = Object.keys(HOURS)[Math.floor(index / 7) % 3]!;
  const isPolitical = draw(index, 1) < 0.4;
  const words = Array.from(
    { length: 5 },
    (_, k) => WORDS[Math.floor((isPolitical ? draw(index, k + 2) ** 2 : draw(index, k + 2)) * 8)],
  );
  return {
    uri: uri(`${day}-${index}`),
    cid: `c${index}`,
    did: `did:plc:author${Math.floor(draw(index, 9) ** 2 * 40)}`,
    text_hash: `text ${index}`,
    text_normalized: `${words.join(" ")} ${index % 5 ? "" : HANDLES[index % 2]} #Vote ` +
      (index % 7 ? "" : "https://example.org/senate"),
    hashtags: isPolitical ? ["Vote", "vote"] : index % 3 ? ["art"] : [],
    created_at: `${day} ${hour}:10:00`,
    reference_time: `${day} ${hour}:10:00`,
    detected_language: index % 10 ? "en" : "de",
    reply_root_uri: index % 4 === 0 ? uri("root") : null,
    passed_filters: index % 11 !== 0,
    in_firehose: index % 50 !== 1,
    in_most_liked: index % 6 === 0 || index % 50 === 1,
    in_import: false,
    in_covered_minute: index % 13 !== 0,
    text: "x".repeat(10 + index % 37),
    reply_parent_uri: index % 4 === 0 ? uri("parent") : null,
    quoted_uri: index % 5 === 0 ? uri("quoted") : null,
    embed_kind: index % 3 === 0 ? "images" : index % 5 === 0 ? "record" : null,
    links: LINKS[index % 7] ?? [],
    like_count: index % 6 === 0 ? index * index % 101 : null,
    count_age_hours: index % 6 === 0 ? index % 48 / 2 : null,
    isPolitical,
    index,
  };
}

/** Fill a data folder. */
export async function fillAnalysed(data: string): Promise<void> {
  const paths = new DataPaths(data);
  for (const [at, day] of DAYS.entries()) {
    const posts = Array.from({ length: PER_DAY }, (_, index) => post(at * PER_DAY + index, day));
    await writeRows(
      POSTS_TABLE,
      posts.map(({ isPolitical: _, index: __, ...row }) => row),
      paths.posts(day),
    );
    const windows = Object.entries(HOURS).map(([hour, window_prob]) => ({
      source: "firehose",
      opens_at: `${day} ${hour}:00:00`,
      window_prob,
    }));
    await writeRows(WINDOWS, windows, paths.windows("firehose", day));
    const labels = (classifier: string, rate: number, of: (row: typeof posts[number]) => object) =>
      posts.filter((row) => row.in_most_liked || draw(row.index, 77) < rate).map((row) => {
        const failed = draw(row.index, classifier.length) < 0.05;
        return {
          uri: row.uri,
          cid: row.cid,
          text_hash: row.text_hash,
          label_set_id: `set of ${classifier}`,
          label_prob: row.in_most_liked ? 1 : rate,
          was_successfully_labeled: !failed,
          reason: failed ? "timed_out" : null,
          ...failed ? {} : of(row),
        };
      });
    await writeRows(
      labelTable(CLASSIFIERS.dictionary.columns),
      labels("dictionary", 0.8, ({ isPolitical, index }) => ({
        is_political: isPolitical !== (index % 9 === 0),
        categories: index % 2 ? ["elections"] : ["elections", "courts_and_law"],
      })),
      paths.labels("dictionary", day),
    );
    await writeRows(
      labelTable({ ...SOCIOPOLITICAL_COLUMNS, ...CHAT_COLUMNS }),
      labels("sociopolitical", 0.5, ({ isPolitical, index }) => ({
        is_sociopolitical: isPolitical,
        lean: isPolitical ? LEANS[Math.floor(index / 5) % 3] : null,
      })),
      paths.labels("sociopolitical", day),
    );
    await writeRows(
      labelTable(PERSPECTIVE),
      labels("perspective", 0.25, ({ index }) => ({
        prob_toxic: Math.floor(draw(index, 5) * 20) / 20,
        prob_respect: index % 8 ? draw(index, 6) : null,
      })),
      paths.labels("perspective", day),
    );
  }
  for (const classifier of ["dictionary", "sociopolitical", "perspective"]) {
    await writeRows(
      LABEL_SETS,
      [{ label_set_id: `set of ${classifier}`, classifier, codebook: "c", is_shown: true }],
      paths.labelSets(classifier),
    );
  }
}
