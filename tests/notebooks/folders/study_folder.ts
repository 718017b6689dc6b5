/** A small data folder made by the real tasks, with a day without posts, flags and failed labels. */
import assert from "node:assert/strict";
import { rawFolder, uri } from "../../raw.ts";
import { runTask } from "../../task.ts";

const TEXTS = [
  "The senate votes on the bill tonight and congress debates immigration",
  "A lovely morning walk by the river with my old dog and some bread",
  "Esta mañana fui a caminar por el río con mi perro y compramos pan fresco",
  "ok",
  "The president signed it, and the supreme court will hear the case about abortion",
];
const HOUR_MS = 3_600_000;
const START = Date.parse("2026-06-01T01:10:00Z");
/** In Kathmandu, in UTC and in New York nothing was written on this day. */
export const MISSING = "2026-06-03";
const GAP = [Date.parse("2026-06-02T18:15:00Z"), Date.parse("2026-06-04T04:00:00Z")] as const;

/** The filters leave Spanish posts in, so that some labels fail. */
export function studyYaml(timeZone: string): string {
  return `name: Rivers & "senates"
notice: Invented posts <b>only</b>.
sources:
  firehose: { relays: [wss://relay.civicsky.test], windows: all }
  jetstream: { servers: [wss://jetstream.civicsky.test], windows: all }
  most_liked:
    appview: https://appview.civicsky.test
    feeds: [at://did:plc:tenurhgjptubkk5zf5qhi3og/app.bsky.feed.generator/catch-up]
    limit: 12
filters:
  minimum_length: { characters: 10 }
  nsfw: { self_labels: [porn] }
classifiers:
  dictionary: { codebook: us_politics }
after_deletion: drop
time_zone: ${timeZone}
`;
}

/** Fill a data folder; gives the path of its study file. */
export async function fillStudyFolder(data: string): Promise<string> {
  const folder = await rawFolder(data);
  const posts = Array.from({ length: 60 }, (_, index) => START + index * 2.2 * HOUR_MS)
    .map((time, index) => ({ time, index }))
    .filter(({ time }) => time < GAP[0] || time >= GAP[1])
    .map(({ time, index }) => ({
      uri: uri(`r${index}`),
      cid: `c${index}`,
      event_time: sqlTime(time),
      // A bridge's archive says years ago; such a post counts on the day it came.
      created_at: new Date(index % 11 === 0 ? Date.parse("2019-01-01") : time).toISOString(),
      text: TEXTS[index % TEXTS.length],
      self_labels: index % 9 === 0 ? ["porn"] : [],
    }));
  const day = "2026-06-06";
  await folder.raw("firehose", day, "a", posts);
  await folder.raw(
    "most_liked",
    day,
    "b",
    posts.filter((_, index) => index % 7 === 0).map((post) => ({ ...post, like_count: 5 })),
  );
  await folder.raw("import", day, "c", [
    { uri: uri("i1"), created_at: "2026-06-02T02:00:00Z", text: TEXTS[0] },
    { uri: uri("i2"), created_at: "2026-06-05T03:30:00Z", text: TEXTS[1] },
  ]);
  const study = `${data}/study.yaml`;
  await Deno.writeTextFile(study, studyYaml("UTC"));
  for (const task of ["preprocess", "classify:dictionary"]) {
    const { code, stderr } = await runTask([task, "--data", data, "--study", study], {
      CIVICSKY_CLOCK: "2026-06-10T00:00:00Z",
    });
    assert.equal(code, 0, stderr);
  }
  return study;
}

function sqlTime(time: number): string {
  return new Date(time).toISOString().replace("T", " ").replace("Z", "");
}
