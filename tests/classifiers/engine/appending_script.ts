/** Appends answers without end; says how many are durable. */
import { AnswerSegment } from "../../../etl/answers/answer_segment.ts";
import { DataPaths } from "../../../etl/store/paths.ts";
import { uri } from "../../raw.ts";
import { answer, LABELLED } from "./labelled_day.ts";

const [data, first] = Deno.args as [string, string];
const segment = await AnswerSegment.create(
  new DataPaths(data).answers("tone", LABELLED.labelSetId),
);
let next = Number(first);
const work = async () => {
  for (;;) {
    const name = `passed-${next++}`;
    await segment.append(
      answer({ uri: uri(name), cid: `cid-${name}`, text_hash: `hash-${name}` }),
    );
    Deno.stdout.writeSync(new TextEncoder().encode(`${name}\n`));
  }
};
await Promise.all(Array.from({ length: 60 }, work));
