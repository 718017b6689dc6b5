/** Compares each query of the notebook to copy with another way of counting, on native DuckDB. */
import assert from "node:assert/strict";
import { pathToFileURL } from "node:url";
import { runCells } from "../../notebooks/render/cell_run.ts";
import { readNotebook } from "../../notebooks/render/notebook.ts";
import { query, withData } from "../rows.ts";
import { ROOT } from "../task.ts";
import { fillAnalysed } from "./folders/analysed_folder.ts";
import { studyYaml } from "./folders/study_folder.ts";

const POSTS = "read_parquet('{data}/posts/*/*.parquet', hive_partitioning = true)";
const LABELS = (name: string) => `read_parquet('{data}/labels/${name}/*/*.parquet')`;
const KINDS = {
  reply: "reply_parent_uri IS NOT NULL",
  quote: "reply_parent_uri IS NULL AND quoted_uri IS NOT NULL",
  post: "reply_parent_uri IS NULL AND quoted_uri IS NULL",
};
const EMBEDS = { images: "= 'images'", record: "= 'record'", nothing: "IS NULL" };

/** By the number of the query: the same answer, reached another way. */
const OTHERWISE: Record<number, string> = {
  1: `SELECT day, sum(k), count(*), sum(passed) FROM (
        SELECT date::VARCHAR AS day, did, count(*) AS k, count_if(passed_filters) AS passed
        FROM ${POSTS} GROUP BY ALL) GROUP BY day ORDER BY day`,
  2: `WITH n AS (SELECT did, list(uri) AS uris FROM ${POSTS} GROUP BY did),
      sorted AS (SELECT list_sort(list(len(uris))) AS ns FROM n)
      SELECT len(ns), (ns[(len(ns) + 1) // 2] + ns[len(ns) // 2 + 1]) / 2,
        ns[ceil(len(ns) * 0.9)::INT], ns[ceil(len(ns) * 0.99)::INT], ns[-1] FROM sorted`,
  3: `SELECT * FROM (${
    Object.entries(KINDS).flatMap(([kind, isKind]) =>
      Object.entries(EMBEDS).map(([embed, isEmbed]) =>
        `SELECT '${kind}' AS kind, '${embed}' AS embed, count(*) AS n,
           round(sum(strlen(text)) / count(*), 1)
         FROM ${POSTS} WHERE ${isKind} AND embed_kind ${isEmbed} HAVING n > 0`
      )
    ).join(" UNION ALL ")
  }) ORDER BY n DESC, kind, embed`,
  4: `SELECT * FROM (${
    [0, 3, 6, 9, 12, 15, 18, 21].map((hour) =>
      `SELECT ${hour} AS hour, count(*) AS n FROM ${POSTS}
       WHERE hour((created_at AT TIME ZONE 'UTC') AT TIME ZONE 'America/New_York')
         BETWEEN ${hour} AND ${hour + 2} HAVING n > 0`
    ).join(" UNION ALL ")
  }) ORDER BY hour`,
  5: `SELECT '#' || tag, (SELECT count(*) FROM ${POSTS} WHERE passed_filters AND
          list_contains(string_split(lower(array_to_string(hashtags, ' ')), ' '), tag)) AS posts,
        (SELECT count(*) FROM (SELECT did FROM ${POSTS} WHERE passed_filters AND
          list_contains(string_split(lower(array_to_string(hashtags, ' ')), ' '), tag)
          GROUP BY did)) AS authors
      FROM (VALUES ('vote'), ('art')) AS t(tag) ORDER BY authors DESC, tag`,
  6: `SELECT domain, count(*) AS posts, (SELECT count(*) FROM (SELECT did FROM ${POSTS}
          WHERE passed_filters AND array_to_string(links, ' ') LIKE t.pattern GROUP BY did)) AS authors
      FROM (VALUES ('example.org', '%example.org/%'), ('wwwnews.example', '%//wwwnews.example/%'),
        ('example.com', '%http://example.com')) AS t(domain, pattern)
      JOIN ${POSTS} ON passed_filters AND array_to_string(links, ' ') LIKE pattern
      GROUP BY domain, pattern ORDER BY authors DESC, domain`,
  7: `SELECT if(is_reply, 'reply', 'no reply') AS kind, n, round(100 * yes / (yes + no), 1) || '%' FROM (
        SELECT reply_root_uri IS NOT NULL AS is_reply, count(*) AS n,
          sum(1 / label_prob) FILTER (is_political) AS yes,
          sum(1 / label_prob) FILTER (NOT is_political) AS no
        FROM ${
    LABELS("dictionary")
  } JOIN ${POSTS} USING (uri) WHERE passed_filters AND reason IS NULL
        GROUP BY ALL) ORDER BY kind`,
  8: `SELECT what, count(*) AS n FROM (
        SELECT uri, string_agg(category, ' + ' ORDER BY category) AS what FROM (
          SELECT uri, unnest(categories) AS category FROM ${
    LABELS("dictionary")
  } WHERE is_political)
        SEMI JOIN (FROM ${POSTS} WHERE passed_filters) USING (uri) GROUP BY uri)
      GROUP BY what ORDER BY n DESC`,
  9: `WITH sorted AS (SELECT in_most_liked AS fed, list_sort(list(like_count)) AS likes,
          list_sort(list(count_age_hours)) AS ages
        FROM ${POSTS} WHERE like_count >= 0 GROUP BY fed)
      SELECT fed, len(likes), (likes[(len(likes) + 1) // 2] + likes[len(likes) // 2 + 1]) / 2,
        likes[ceil(len(likes) * 0.9)::INT], likes[-1],
        round((ages[(len(ages) + 1) // 2] + ages[len(ages) // 2 + 1]) / 2, 1) FROM sorted ORDER BY fed`,
  10: `SELECT * FROM (${
    ["dictionary", "perspective", "sociopolitical"].flatMap((name) => [
      `SELECT '${name}' AS classifier, 'labelled' AS outcome, sum(was_successfully_labeled::INT) AS n
       FROM ${LABELS(name)}`,
      `SELECT '${name}', 'timed_out', sum((NOT was_successfully_labeled)::INT) FROM ${
        LABELS(name)
      }`,
    ]).join(" UNION ALL ")
  }) ORDER BY classifier, n DESC`,
};

Deno.test("the ten queries of the notebook to copy give what another way of counting gives", (t) =>
  withData(async (data) => {
    await fillAnalysed(data);
    const study = `${data}/study.yaml`;
    await Deno.writeTextFile(study, studyYaml("America/New_York"));
    const notebook = await readNotebook(`${ROOT}notebooks/05-explore.ipynb`);
    const outputs = await runCells(notebook, {
      name: "05-explore",
      folder: new URL("notebooks/", pathToFileURL(ROOT)).href,
      data,
      study,
      limits: { ms: 60_000, memory: 4e9, output: 1e8 },
    });
    for (const [number, sql] of Object.entries(OTHERWISE)) {
      const head = notebook.cells.findIndex(({ source }) => source.startsWith(`## ${number}. `));
      await t.step(notebook.cells[head]!.source.split("\n")[0]!, async () => {
        const [output] = outputs[head + 1]!;
        assert.ok(output && "display" in output);
        const wanted = await query(data, sql);
        assert.ok(wanted.length > 0);
        assert.deepEqual(
          tableRows(output.display["text/html"]!),
          wanted.map((row) => Object.values(row).map(told)),
        );
      });
    }
  }));

/** The cells of a table, numbers without the commas between thousands. */
function tableRows(html: string): string[][] {
  return html.split("<tr>").slice(2).map((row) =>
    [...row.matchAll(/<td[^>]*>(.*?)<\/td>/g)].map(([, cell]) =>
      /^[\d,.]+$/.test(cell!) ? cell!.replaceAll(",", "") : cell!.replace(/&#(\d+);/g, decoded)
    )
  );
}

function decoded(_: string, code: string): string {
  return String.fromCodePoint(Number(code));
}

function told(value: unknown): string {
  return typeof value === "number" ? String(Number(value.toFixed(3))) : String(value);
}
