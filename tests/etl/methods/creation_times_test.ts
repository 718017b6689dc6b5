/** On whose clock posts stand, wherever it is said. */
import assert from "node:assert/strict";
import {
  measuredFigure,
  open,
  POLITICAL,
  postsPerDayChart,
  shareOverTime,
} from "../../../notebooks/lib.ts";
import type { Chart } from "../../../notebooks/charts/chart.ts";
import { rawFolder, uri } from "../../raw.ts";
import { withData } from "../../rows.ts";
import { runTask } from "../../task.ts";

const CLOCK = { CIVICSKY_CLOCK: "2026-06-10T00:00:00Z" };
/** Creation times as clients wrote them, of posts that the stream told of at 10:00. */
const BELIEVED = ["2026-06-01T10:00:00Z", "2026-06-01T09:00:00Z", "2026-06-01T10:10:00Z"];
const NOT_BELIEVED = [
  "2026-06-01T08:59:59Z",
  "2026-06-01T10:10:01Z",
  "1970-01-01T00:00:00Z",
  "2062-01-01T00:00:00Z",
  "yesterday",
];

async function task(data: string, ...args: string[]) {
  const { code, stdout, stderr } = await runTask([...args, "--data", data], CLOCK);
  assert.equal(code, 0, stderr);
  return stdout;
}

async function collected(data: string, times: string[], source = "firehose") {
  await (await rawFolder(data)).raw(
    source,
    "2026-06-01",
    `${source}.2026-06-01_2026-06-01`,
    times.map((created_at, index) => ({
      uri: uri(`${source}${index}`),
      cid: `c${index}`,
      event_time: source === "import" ? null : "2026-06-01 10:00:00",
      created_at,
    })),
  );
}

Deno.test("preprocess, status, methods and export say how many creation times are not believed", () =>
  withData(async (data) => {
    await collected(data, [...BELIEVED, ...NOT_BELIEVED]);
    await collected(data, ["1999-01-01T00:00:00Z", "2026-06-01T10:00:00Z"], "import");
    const said =
      /5 of 10 creation times are not believed: those posts stand on the clock of their source \(5 of firehose\)/;
    const unchecked = /2 posts came by import alone and stand on their authors' clocks, unchecked/;
    for (const name of ["preprocess", "status", "export"]) {
      const text = (await task(data, name)).replace(/\s+/g, " ");
      assert.match(text, said, name);
      assert.match(text, unchecked, name);
      const { creation_times } = JSON.parse(await task(data, name, "--json"));
      assert.deepEqual(creation_times, {
        posts: 10,
        not_believed: 5,
        not_believed_by_source: { firehose: 5 },
        unchecked: 2,
      });
    }
    await task(data, "methods");
    const page = await Deno.readTextFile(`${data}/reports/methods.md`);
    const codebook = await Deno.readTextFile(`${data}/exports/analysis.codebook.md`);
    for (const text of [page, codebook]) {
      assert.match(text, said);
      assert.match(text, unchecked);
    }
    const { creation_times } = JSON.parse(
      await task(data, "export", "--source", "import", "--json"),
    );
    assert.deepEqual([creation_times.posts, creation_times.not_believed], [2, 0]);
  }));

Deno.test("a figure by days says whose days they are", () =>
  withData(async (data) => {
    const drawn = async () => {
      await task(data, "preprocess");
      await task(data, "classify:dictionary");
      const study = await open(data, { engine: "native" });
      const { days, facts } = await measuredFigure(study, POLITICAL.dictionary, {
        source: "firehose",
      });
      const shares = shareOverTime({
        title: "Political posts",
        measure: "share",
        series: [{ name: "firehose", days }],
        facts,
        timeZone: "UTC",
      });
      return ([await postsPerDayChart(study), shares] as Chart[]).map((chart) =>
        (chart.wide + chart.html()).replace(/<[^>]+>/g, " ").replace(/\s+/g, " ")
      );
    };
    await collected(data, BELIEVED);
    for (const text of await drawn()) {
      assert.match(text, /by the day posts were written/i);
      assert.doesNotMatch(text, /clock of their source/);
    }
    await collected(data, [...BELIEVED, ...NOT_BELIEVED]);
    for (const text of await drawn()) {
      assert.match(text, /by the day a source told of posts/i);
      assert.match(text, /Of 8 posts, 5 stand on the clock of their source/);
    }
  }));
