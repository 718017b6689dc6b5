import assert from "node:assert/strict";
import { detectLanguage, type Texts } from "../../../etl/preprocess/language.ts";
import { detectLanguages, LanguagePool } from "../../../etl/preprocess/language_pool.ts";
import { openDatabase, rows } from "../../../etl/store/duckdb.ts";
import { withData } from "../../rows.ts";

const SENTENCES = [
  "The council met for hours and nobody agreed about the new road",
  "Der Stadtrat tagte stundenlang und niemand war sich einig",
  "El ayuntamiento se reunió durante horas y nadie estuvo de acuerdo",
  "市議会は何時間も話し合いました",
  "…!? 123 🚀",
  "",
];

// Invariant 4
Deno.test("each text has the language that it has alone, whatever thread answers when", () =>
  withData(async (data) => {
    using database = await openDatabase(data);
    const list = SENTENCES.map((text) => `'${text}'`).join(", ");
    await database.run(`CREATE TEMP TABLE texts AS SELECT 5 + 4294967296 * (range % 3) + range * 7
      AS version, [${list}][1 + range % 6] AS bare_text FROM range(9000)`);
    await using pool = new LanguagePool();
    const progress: number[] = [];
    const complete = await detectLanguages(
      database,
      pool,
      new AbortController().signal,
      (done) => progress.push(done),
    );
    assert.equal(complete, true);
    assert.ok(progress.length > 0);
    const found = await rows(
      database,
      `SELECT bare_text, detected_language, detected_language_score, count(*) AS n
       FROM texts JOIN languages USING (version) GROUP BY ALL`,
    );
    assert.equal(found.length, SENTENCES.length);
    assert.equal(found.reduce((sum, { n }) => sum + Number(n), 0), 9000);
    for (const { bare_text, detected_language, detected_language_score } of found) {
      assert.deepEqual(
        { language: detected_language, score: detected_language_score },
        detectLanguage(String(bare_text)),
      );
    }
  }));

Deno.test("what a thread throws comes out, and the pool gives no language after it", async () => {
  await using pool = new LanguagePool();
  const good = pool.detect([[1, SENTENCES[0]!]]);
  const bad = pool.detect(null as unknown as Texts);
  const results = await Promise.allSettled([good, bad]);
  assert.equal(results[1]!.status, "rejected");
  await assert.rejects(bad, (error: Error) => {
    assert.match(error.message, /language detector failed/);
    assert.ok(error.cause !== undefined);
    return true;
  });
  await assert.rejects(pool.detect([[2, "more"]]), /language detector failed/);
});

Deno.test("no text is lost among more than an appender holds", () =>
  withData(async (data) => {
    using database = await openDatabase(data);
    await database.run(
      "CREATE TEMP TABLE texts AS SELECT range AS version, '1' AS bare_text FROM range(250000)",
    );
    await using pool = new LanguagePool();
    await detectLanguages(database, pool, new AbortController().signal, () => {});
    const [found] = await rows(
      database,
      "SELECT count(*) AS n, count(DISTINCT version) AS versions FROM languages",
    );
    assert.deepEqual(found, { n: 250000, versions: 250000 });
  }));

Deno.test("a signal ends the detection early", () =>
  withData(async (data) => {
    using database = await openDatabase(data);
    await database.run(
      "CREATE TEMP TABLE texts AS SELECT range AS version, 'a text' AS bare_text FROM range(9000)",
    );
    await using pool = new LanguagePool();
    const signal = AbortSignal.abort();
    assert.equal(await detectLanguages(database, pool, signal, () => {}), false);
  }));
