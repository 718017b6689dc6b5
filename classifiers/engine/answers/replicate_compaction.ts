import { utcDay } from "../../../etl/run/clock.ts";
import type { UserError } from "../../../etl/run/error.ts";
import { labelSetId } from "../../../etl/labels/label_set.ts";
import { ANSWER_COLUMNS } from "../../../etl/labels/paid_answer.ts";
import { firstDamage } from "../../../etl/store/damage.ts";
import { type Database, literal, rows } from "../../../etl/store/duckdb.ts";
import { leftSegments } from "../../../etl/store/journal.ts";
import { toJson } from "../../../etl/store/json.ts";
import { lock } from "../../../etl/store/lock.ts";
import {
  relation,
  removeLeftovers,
  sync,
  tableOf,
  writeParquet,
} from "../../../etl/store/parquet.ts";
import type { DataPaths } from "../../../etl/store/paths.ts";
import { Quarantine } from "../../../etl/store/quarantine.ts";
import { REPLICATES, withColumns } from "../../../etl/store/tables.ts";
import { type AnswerReader, labelOf } from "./answer_reader.ts";
import type { Answer } from "./answer_segment.ts";
import { labelColumnsSql, readSegment } from "./compaction.ts";
import { StagedAnswers } from "./staged_answers.ts";

/** Columns of the same anchor, label set and round. */
const KEY = "label_set_id, round, uri, cid, text_hash";

/**
 * Merge all segments of what a label set said of anchors into the files of the days on which they were
 * asked about, then remove them; gives the errors of what is damaged.
 *
 * For whoever holds the lock `classify-<label set id>`. A crash anywhere loses nothing and leaves nothing
 * twice.
 */
export async function compactReplicates(
  database: Database,
  paths: DataPaths,
  reader: AnswerReader,
): Promise<UserError[]> {
  const { classifier } = reader.labelSet;
  const folder = paths.replicateAnswers(classifier, labelSetId(reader.labelSet));
  const segments = await leftSegments(folder);
  if (segments.length === 0) return [];
  const errors: UserError[] = [];
  const quarantine = new Quarantine(paths, classifier);
  await using staged = await StagedAnswers.create(database, paths.root);
  const stage = (answer: Answer) => {
    const { columns, ...label } = labelOf(reader, answer);
    const said = toJson({ ...columns === null ? {} : JSON.parse(columns), round: answer.round });
    return staged.add({ ...answer, date: utcDay(new Date(answer.received_at)) }, {
      ...label,
      columns: said,
    });
  };
  for (const path of segments) {
    const damaged = await readSegment(path, classifier, quarantine, stage);
    if (damaged !== undefined) errors.push(damaged);
  }
  await staged.flush();
  const days = await rows<{ date: string }>(
    database,
    `SELECT DISTINCT date FROM ${staged.relation} ORDER BY date`,
  );
  let isComplete = true;
  for (const { date } of days) {
    const damaged = await mergeDay(database, paths, reader, date, staged.relation);
    if (damaged === undefined) continue;
    errors.push(damaged);
    isComplete = false;
  }
  if (isComplete) {
    await quarantine.commit();
    for (const path of segments) await Deno.remove(path);
    await sync(folder);
  }
  return errors;
}

async function mergeDay(
  database: Database,
  paths: DataPaths,
  { labelSet, columns }: AnswerReader,
  day: string,
  answers: string,
): Promise<UserError | undefined> {
  const { classifier } = labelSet;
  const path = paths.replicates(classifier, day);
  const doing = `keep what ${classifier} said of anchors on ${day}`;
  await using _lock = await lock(paths.locks(), `replicates-${classifier}-${day}`, doing);
  await removeLeftovers(path);
  const files = paths.filesOfDay(`replicates/${classifier}`, day).filter((file) => file === path);
  const damaged = await firstDamage(database, files, doing);
  if (damaged) return damaged;
  const table = withColumns(REPLICATES, { ...columns, ...ANSWER_COLUMNS });
  const here = files.length > 0 ? (await tableOf(database, path)).columns : {};
  const all = { ...table, columns: { ...table.columns, ...here, ...table.columns } };
  await writeParquet(
    database,
    all,
    `FROM (
       FROM ${relation(all, files)}
       UNION ALL BY NAME
       SELECT ${labelColumnsSql(labelSet, table, [...Object.keys(columns), "round"])}
       FROM (SELECT *, reason IS NULL AS was_successfully_labeled FROM ${answers}) n
       WHERE n.date = ${literal(day)})
     QUALIFY row_number() OVER (PARTITION BY ${KEY}
       ORDER BY was_successfully_labeled DESC, label_timestamp DESC) = 1
     ORDER BY label_set_id, round, uri`,
    path,
  );
  return undefined;
}
