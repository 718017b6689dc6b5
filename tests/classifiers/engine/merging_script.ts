/** Merges what is in a data folder, again and again, until it is killed. */
import { AnswerSegment } from "../../../etl/answers/answer_segment.ts";
import { mergeAnswers } from "../../../etl/answers/answer_merge.ts";
import { openDatabase } from "../../../etl/store/duckdb.ts";
import { DataPaths } from "../../../etl/store/paths.ts";
import { uri } from "../../raw.ts";
import { answer, LABELLED, READER, sample } from "./labelled_day.ts";

const [data, first] = Deno.args as [string, string];
const paths = new DataPaths(data);
using database = await openDatabase(data);
const say = (text: string) => Deno.stdout.writeSync(new TextEncoder().encode(`${text}\n`));
say("ready");
for (let next = Number(first);;) {
  const segment = await AnswerSegment.create(paths.answers("tone", LABELLED.labelSetId));
  const names = Array.from({ length: 20 }, () => `passed-${next++}`);
  await Promise.all(
    names.map((name) =>
      segment.append(answer({ uri: uri(name), cid: `cid-${name}`, text_hash: `hash-${name}` }))
    ),
  );
  for (const name of names) say(name);
  await segment.close();
  await mergeAnswers(database, paths, READER, () => Promise.resolve(sample()));
}
