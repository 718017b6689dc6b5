/** `deno task test:spark`: DuckDB and PySpark read the same in the data folder, as docs/scale.md asks. */
import assert from "node:assert/strict";
import { literal, openDatabase } from "../../etl/store/duckdb.ts";
import { tableOf, writeParquet } from "../../etl/store/parquet.ts";
import { DataPaths } from "../../etl/store/paths.ts";
import { withData } from "../rows.ts";
import { ROOT, runTask } from "../task.ts";
import { runProgram, venv } from "../venv.ts";

/** From PyPI. */
const PACKAGES = ["duckdb==2.0.0", "pyspark==4.3.0"];

interface Asked {
  questions: string[];
  answers: unknown[][][];
  counts: Record<string, number>;
  types: Record<string, string>;
}

/** How each engine is to see columns, that a paper's numbers rest on. */
const TYPES = {
  DuckDB: {
    "posts.date": "DATE",
    "posts.reference_time": "TIMESTAMP",
    "posts.langs": "VARCHAR[]",
    "posts.like_count": "BIGINT",
    "posts.passed_filters": "BOOLEAN",
    "dictionary.category_scores": "MAP(VARCHAR, DOUBLE)",
    "dictionary.word_count": "INTEGER",
    "dictionary.label_prob": "DOUBLE",
  },
  PySpark: {
    "posts.date": "date",
    "posts.reference_time": "timestamp_ntz",
    "posts.langs": "array<string>",
    "posts.like_count": "bigint",
    "posts.passed_filters": "boolean",
    "dictionary.category_scores": "map<string,double>",
    "dictionary.word_count": "int",
    "dictionary.label_prob": "double",
  },
};

/** Make two parts of each part of a table, as longer collections leave many. */
async function halve(data: string, folder: string): Promise<void> {
  using database = await openDatabase(data);
  for (const { path } of new DataPaths(data).files(folder)) {
    const table = await tableOf(database, path);
    for (const half of [0, 1]) {
      const part = path.replace(/([^/]+)$/, `${half}-$1`);
      await writeParquet(
        database,
        table,
        `SELECT * EXCLUDE file_row_number FROM read_parquet(${literal(path)},
           hive_partitioning = false, file_row_number = true) WHERE file_row_number % 2 = ${half}`,
        part,
      );
    }
    await Deno.remove(path);
  }
}

Deno.test("DuckDB and PySpark give the same rows for every question, as collected and when compacted", async (t) => {
  const python = await venv("civicsky-spark", PACKAGES, "duckdb, pyspark");
  await withData(async (folder) => {
    const data = `${folder}/demo`;
    const demo = await runTask(["demo", "--data", data]);
    assert.equal(demo.code, 0, demo.stderr);
    const ask = async (engine: keyof typeof TYPES): Promise<Asked> => {
      const conf = { "sql.warehouse.dir": `${folder}/warehouse`, "ui.enabled": "false" };
      const settings = Object.entries(conf).map(([key, value]) => `--conf spark.${key}=${value}`);
      const env = {
        SPARK_LOCAL_IP: "127.0.0.1",
        SPARK_LOCAL_DIRS: folder,
        PYSPARK_SUBMIT_ARGS: `${settings.join(" ")} --master local[2] pyspark-shell`,
      };
      const script = `${ROOT}tests/spark/ask.py`;
      const printed = await runProgram(python, [script, engine, data], { env, cwd: ROOT });
      return JSON.parse(printed.trim().split("\n").at(-1)!);
    };
    const compare = async () => {
      const [duckdb, spark] = [await ask("DuckDB"), await ask("PySpark")];
      assert.ok(duckdb.questions.length >= 10);
      for (const [index, question] of duckdb.questions.entries()) {
        assert.ok(duckdb.answers[index]!.length > 0, question);
        assert.deepEqual(spark.answers[index], duckdb.answers[index], question);
      }
      assert.deepEqual(spark.counts, duckdb.counts);
      assert.ok(duckdb.counts.posts! > 100 && duckdb.counts.posts_attributes! > 100);
      assert.deepEqual({ DuckDB: duckdb.types, PySpark: spark.types }, TYPES);
      console.log(
        `${duckdb.questions.length} questions and ${
          Object.keys(duckdb.counts).length
        } views the same; ` +
          `${duckdb.counts.posts} posts, ${duckdb.counts.coverage} minutes of coverage`,
      );
      return duckdb;
    };
    for (const table of ["raw/firehose", "coverage"]) await halve(data, table);
    let collected: Asked | undefined;
    await t.step("as collected, with a file that is half-written", async () => {
      await Deno.writeTextFile(`${data}/posts/date=2026-06-01/posts.parquet.01234567.part`, "half");
      collected = await compare();
    });
    await t.step("compacted", async () => {
      const { code, stdout, stderr } = await runTask(["compact", "--data", data, "--json"]);
      assert.equal(code, 0, stderr);
      assert.ok(JSON.parse(stdout).files_after > 0);
      const compacted = await compare();
      assert.deepEqual(compacted.answers, collected!.answers);
    });
  });
});
