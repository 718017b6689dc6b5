/** `deno task test:spark`: DuckDB, PySpark, pandas and Polars read the data folder as documents say. */
import assert from "node:assert/strict";
import { literal, openDatabase } from "../../etl/store/duckdb.ts";
import { tableOf, writeParquet } from "../../etl/store/parquet.ts";
import { DataPaths } from "../../etl/store/paths.ts";
import { query, withData } from "../rows.ts";
import { writeRows } from "../table_file.ts";
import { LABELS, withColumns } from "../../etl/store/tables.ts";
import { ROOT, runTask } from "../task.ts";
import { runProgram, venv } from "../venv.ts";

/** From PyPI. */
const PACKAGES = ["duckdb==2.0.0", "pyspark==4.3.0"];
const READERS = ["pandas==3.1.1", "polars==2.1.0", "pyarrow==26.0.1"];

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

/** Bring in what two coders said of ten posts; of some they do not agree. */
async function importCodes(data: string, path: string): Promise<void> {
  const posts = await query<{ uri: string; created_at: string; text: string }>(
    data,
    `SELECT uri, strftime(created_at, '%Y-%m-%dT%H:%M:%SZ') AS created_at, text
     FROM read_parquet('{data}/posts/*/*.parquet') ORDER BY uri LIMIT 10`,
  );
  const lines = posts.flatMap(({ uri, created_at, text }, index) =>
    ["ann", "bob"].map((coder) => {
      const answer = coder === "bob" && index % 3 === 0 ? "no" : "yes";
      return [uri, created_at, text, coder, answer, index % 2 ? "left" : "right"]
        .map((value) => `"${value.replaceAll('"', '""')}"`).join();
    })
  );
  const header = "uri,created_at,text,coder,political_label,lean_label";
  await Deno.writeTextFile(path, `${[header, ...lines].join("\n")}\n`);
  const { code, stderr } = await runTask(["import", path, "--data", data]);
  assert.equal(code, 0, stderr);
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
      assert.ok(duckdb.counts.labels_human! > 0);
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
    await importCodes(data, `${folder}/codes.csv`);
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

Deno.test("the lines of the dictionary read every label column in pandas and in Polars, whatever each day has", async () => {
  const python = await venv("civicsky-readers", READERS, "pandas, polars, pyarrow");
  await withData(async (folder) => {
    const paths = new DataPaths(`${folder}/data`);
    const days: [day: string, row: Record<string, number>][] = [
      ["2026-06-01", { score_toxic: 0.1 }],
      ["2026-06-02", { score_new: 0.2 }],
      ["2026-06-03", { score_toxic: 0.3, score_new: 0.4 }],
    ];
    for (const [day, row] of days) {
      const columns = Object.fromEntries(Object.keys(row).map((name) => [name, "DOUBLE"]));
      const rows = [{ uri: day, ...row }];
      await writeRows(withColumns(LABELS, columns), rows, paths.labels("attributes", day));
    }
    const dictionary = await Deno.readTextFile(`${ROOT}data/README.md`);
    const lines = /```python\n([^]*?)```/.exec(dictionary)![1]!.trim().split("\n");
    const expected = [
      ["2026-06-01", "2026-06-01", 0.1, null],
      ["2026-06-02", "2026-06-02", null, 0.2],
      ["2026-06-03", "2026-06-03", 0.3, 0.4],
    ];
    const names = ["uri", "date", "score_toxic", "score_new"];
    const rows = {
      pandas: `labels[${JSON.stringify(names)}].values.tolist()`,
      polars: `labels.select(${JSON.stringify(names)}).rows()`,
    };
    for (const [reader, list] of Object.entries(rows)) {
      const own = lines.filter((line) => !/^labels = /.test(line) || line.includes(`${reader}.`));
      assert.equal(own.length, lines.length - 1, "one line a reader");
      const print =
        `import json\nprint(json.dumps([[None if v != v else v if isinstance(v, float) ` +
        `else None if v is None else str(v) for v in row] for row in ${list}]))`;
      const script = `${own.join("\n")}\n${print}`;
      const printed = await runProgram(python, ["-c", script], { cwd: folder });
      assert.deepEqual(JSON.parse(printed), expected, reader);
    }
  });
});
