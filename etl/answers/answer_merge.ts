import { basename } from "node:path";
import { LABEL_OF_POST, labelFiles, labelTable, rewriteDay } from "../labels/label_file.ts";
import type { LabelReason } from "../labels/label_reason.ts";
import { type LabelSet, labelSetId } from "../labels/label_set.ts";
import { ANSWER_COLUMNS } from "../labels/paid_answer.ts";
import { utcDay } from "../run/clock.ts";
import { UserError } from "../run/error.ts";
import { firstDamage } from "../store/damage.ts";
import {
  type Database,
  LIMIT_MEMORY,
  literal,
  onOneThread,
  row,
  rows,
  withMoreMemory,
} from "../store/duckdb.ts";
import { doubtful, SegmentResults } from "./doubt.ts";
import { leftSegments, segmentLines } from "../store/journal.ts";
import { toJson } from "../store/json.ts";
import { relation } from "../store/parquet.ts";
import { removeLeftovers, sync } from "../store/whole_file.ts";
import type { DataPaths } from "../store/paths.ts";
import { Quarantine } from "../store/quarantine.ts";
import { POSTS, REPLICATES, type Table, withColumns } from "../store/tables.ts";
import type { Sample } from "../sampling/sample.ts";
import {
  type AnswerReader,
  labelOf,
  parseAnswer,
  postKey,
  type ReadLabel,
} from "./answer_reader.ts";
import type { Answer } from "./answer_segment.ts";
import {
  drawnPostsSql,
  hashedKeysSql,
  labelledShareSql,
  labelProbSql,
} from "../sampling/label_prob.ts";
import { recordSpending } from "./spending.ts";
import { StagedAnswers } from "./staged_answers.ts";

/** The result of merging answers into label files. */
export interface Merged {
  /** Days whose label files were written. */
  days: string[];
  /** Rows of answers that are in them. */
  answers: number;
  errors: UserError[];
  /** A reason for good that is not believed: its posts, of the last segment, are tried again. */
  doubted?: Doubted;
}

/** A reason for good that a service gave to most posts of a segment. */
export interface Doubted {
  reason: LabelReason;
  posts: number;
  error: UserError;
}

/** The part of a classifier that merging its answers needs. */
export interface AnsweredClassifier extends AnswerReader {
  labelSet: LabelSet;
  columns: Readonly<Record<string, string>>;
}

/** Where the answers of one kind wait, and how they are merged. */
interface Kind {
  /** Folder of the segments. */
  folder: string;
  /** Give an answer under the day of the file that it goes into, with its label. */
  stage(answer: Answer): [Answer, ReadLabel];
  /** The files that must be whole for a day to be written. */
  inputs(day: string): string[];
  /** Write the file of a day from a relation of staged answers; gives how many of them are rows. */
  write(day: string, answers: string): Promise<number>;
}

/** A row has some kilobytes, and DuckDB holds a group several times while it writes it. */
const ROWS_A_GROUP = 1024;
/** Columns of the same anchor, label set and round. */
const REPLICATE_KEY = "label_set_id, round, uri, cid, text_hash";

/**
 * Merge all segments of a label set into the label files and replicates of their days, then remove
 * the segments. The cost of the answers is recorded first.
 *
 * For the end of a run (after `AnswerSegment.close`) and its start, while the caller holds the lock
 * `classify-<label set id>`. A crash anywhere loses nothing and leaves nothing twice. `sampleOf` gives
 * the sample of a day; see `labelProbSql`. Damaged lines go to the quarantine of the classifier; all
 * segments stay where a day's file is damaged. Gives the errors.
 */
export async function mergeAnswers(
  database: Database,
  paths: DataPaths,
  reader: AnsweredClassifier,
  sampleOf: (day: string) => Promise<Sample>,
): Promise<Merged> {
  const { labelSet: { classifier } } = reader;
  const id = labelSetId(reader.labelSet);
  await recordSpending(paths, classifier, id);
  const labels: Kind = {
    folder: paths.answers(classifier, id),
    stage: (answer) => [answer, labelOf(reader, answer)],
    inputs: (day) => [
      ...labelFiles(paths, classifier, day),
      ...paths.filesOfDay("posts", day),
    ],
    write: async (day, answers) =>
      await writeLabels(database, paths, reader, await sampleOf(day), day, answers),
  };
  const replicates: Kind = {
    folder: paths.replicateAnswers(classifier, id),
    stage: (answer) => {
      const { columns, ...label } = labelOf(reader, answer);
      const said = { ...columns === null ? {} : JSON.parse(columns), round: answer.round };
      // Under the day of the request about the anchor.
      const dated = { ...answer, date: utcDay(new Date(answer.received_at)) };
      return [dated, { ...label, columns: toJson(said) }];
    },
    inputs: (day) => paths.filesOfDay(`replicates/${classifier}`, day),
    write: (day, answers) => writeReplicates(database, paths, reader, day, answers),
  };
  const merge = async () => {
    const merged = await mergeSegments(database, paths, classifier, labels);
    const { errors } = await mergeSegments(database, paths, classifier, replicates);
    return { ...merged, errors: [...merged.errors, ...errors] };
  };
  try {
    return await onOneThread(database, () => withMoreMemory(database, merge));
  } finally {
    await database.run(LIMIT_MEMORY);
  }
}

async function mergeSegments(
  database: Database,
  paths: DataPaths,
  classifier: string,
  { folder, stage, inputs, write }: Kind,
): Promise<Merged> {
  const merged: Merged = { days: [], answers: 0, errors: [] };
  const segments = await leftSegments(folder);
  if (segments.length === 0) return merged;
  await using staged = await StagedAnswers.create(database, paths.root);
  const quarantine = new Quarantine(paths, classifier);
  const damagedLines: UserError[] = [];
  for (const path of segments) {
    const before = staged.rows;
    const results = new SegmentResults();
    const damaged = await readSegment(path, classifier, quarantine, async (answer) => {
      const [dated, label] = stage(answer);
      if (answer.request_hash !== null) results.add(postKey(answer), label.reason);
      await staged.add(dated, label);
    });
    if (damaged !== undefined) damagedLines.push(damaged);
    const { doubted } = results;
    if (doubted === undefined) continue;
    staged.doubt(before, doubted.reason);
    const { reason, posts, doubt } = doubted;
    merged.doubted = { reason, posts, error: doubtful(classifier, doubt, posts) };
  }
  await staged.flush();
  const days = await rows<{ date: string }>(
    database,
    `SELECT DISTINCT date FROM ${staged.relation} ORDER BY date`,
  );
  for (const { date } of days) {
    const doing = `merge the answers of ${classifier} of ${date}`;
    const damaged = await firstDamage(database, inputs(date), doing);
    if (damaged) {
      merged.errors.push(damaged);
      continue;
    }
    merged.answers += await write(date, staged.relation);
    merged.days.push(date);
  }
  if (merged.errors.length > 0) return merged;
  await quarantine.commit();
  merged.errors.push(...damagedLines);
  for (const path of segments) {
    await removeLeftovers(path);
    await Deno.remove(path);
  }
  await sync(folder);
  return merged;
}

/** Read a segment into a stage as `stage` says; gives the error of its damaged lines, which are set aside. */
async function readSegment(
  path: string,
  classifier: string,
  quarantine: Quarantine,
  stage: (answer: Answer) => Promise<void>,
): Promise<UserError | undefined> {
  let line = 0;
  const damaged: number[] = [];
  for await (const text of segmentLines(path)) {
    line++;
    const answer = parseAnswer(text);
    if (answer === undefined) {
      damaged.push(line);
      const [, uri] = /"uri":"([^"]+)"/.exec(text) ?? [];
      quarantine.add("damaged_answer", { segment: basename(path), line, uri }, text);
      continue;
    }
    await stage(answer);
  }
  if (damaged.length === 0) return undefined;
  const which = damaged.length === 1
    ? `line ${damaged[0]} is`
    : `${damaged.length} lines, the first of them line ${damaged[0]}, are`;
  return new UserError(
    `merge all answers of ${basename(path)}`,
    `${which} damaged`,
    `The others are merged. The damage lies in data/quarantine/${classifier}, and ` +
      "its posts are asked about again; check the disk",
  );
}

/** Merge the answers of a day into its labels; gives how many rows they make. */
async function writeLabels(
  database: Database,
  paths: DataPaths,
  reader: AnsweredClassifier,
  sample: Sample,
  day: string,
  answers: string,
): Promise<number> {
  const { labelSet } = reader;
  const id = literal(labelSetId(labelSet));
  const table = labelTable({ ...reader.columns, ...ANSWER_COLUMNS });
  const old = relation(table, labelFiles(paths, labelSet.classifier, day));
  await database.run(`CREATE OR REPLACE TEMP TABLE set_labels AS
    WITH old AS (
      SELECT ${hashedKeysSql("l")}, was_successfully_labeled, label_prob
      FROM ${old} l WHERE label_set_id = ${id}
    ),
    latest AS (
      SELECT * EXCLUDE label_timestamp FROM (
        SELECT ${hashedKeysSql("n")}, reason IS NULL AS was_successfully_labeled, answer_row,
          label_timestamp::TIMESTAMP AS label_timestamp
        FROM ${answers} n WHERE date = ${literal(day)})
      QUALIFY row_number() OVER (PARTITION BY uri, coalesce(cid, text_hash)
        ORDER BY was_successfully_labeled DESC, label_timestamp DESC, answer_row DESC) = 1
    ),
    -- What failed after it was labelled does not take the label's place.
    new AS (
      SELECT * FROM latest n WHERE n.was_successfully_labeled OR NOT EXISTS (
        FROM old l WHERE l.was_successfully_labeled AND l.uri = n.uri AND ${SAME_VERSION})
    )
    SELECT answer_row, uri, cid, text_hash,
      (SELECT max(l.label_prob) FROM old l WHERE l.uri = n.uri AND ${SAME_VERSION}) AS label_prob
    FROM new n
    UNION ALL
    SELECT NULL, uri, cid, text_hash, label_prob FROM old l
    WHERE NOT EXISTS (FROM new n WHERE l.uri = n.uri AND ${SAME_VERSION})`);
  const drawn = drawnPostsSql(relation(POSTS, paths.filesOfDay("posts", day)), sample);
  const { share } = await row<{ share: number }>(database, labelledShareSql(drawn));
  await database.run(`CREATE OR REPLACE TEMP TABLE label_probs AS
    SELECT l.answer_row, l.uri, l.cid, l.text_hash,
      if(${LABEL_OF_POST}, ${labelProbSql(share)}, l.label_prob) AS label_prob
    FROM set_labels l LEFT JOIN (${drawn}) p ON p.uri = l.uri`);
  await rewriteDay(
    database,
    paths,
    { kind: "labels", classifier: labelSet.classifier, day },
    table,
    (old) =>
      `SELECT ${labelColumnsSql(labelSet, table, Object.keys(reader.columns))}, k.label_prob
     FROM (SELECT *, reason IS NULL AS was_successfully_labeled FROM ${answers}) n
     JOIN (SELECT answer_row, label_prob FROM label_probs) k USING (answer_row)
     UNION ALL BY NAME
     SELECT o.* REPLACE (k.label_prob AS label_prob) FROM ${old} o
     JOIN (FROM label_probs WHERE answer_row IS NULL) k ON k.uri = md5_number(o.uri)
       AND k.cid IS NOT DISTINCT FROM md5_number(o.cid)
       AND k.text_hash IS NOT DISTINCT FROM md5_number(o.text_hash)
     WHERE o.label_set_id = ${id}
     UNION ALL BY NAME
     SELECT * FROM ${old} WHERE label_set_id <> ${id}`,
    ROWS_A_GROUP,
  );
  const { merged } = await row<{ merged: number }>(
    database,
    "SELECT count(answer_row) AS merged FROM set_labels",
  );
  await database.run("DROP TABLE set_labels");
  await database.run("DROP TABLE label_probs");
  return merged;
}

/** Merge the answers about anchors on a day into its replicates; gives the day's number of rows. */
async function writeReplicates(
  database: Database,
  paths: DataPaths,
  { labelSet, columns }: AnsweredClassifier,
  day: string,
  answers: string,
): Promise<number> {
  const table = withColumns(REPLICATES, { ...columns, ...ANSWER_COLUMNS });
  return await rewriteDay(
    database,
    paths,
    { kind: "replicates", classifier: labelSet.classifier, day },
    table,
    (old) =>
      `SELECT * FROM (
       FROM ${old}
       UNION ALL BY NAME
       SELECT ${labelColumnsSql(labelSet, table, [...Object.keys(columns), "round"])}
       FROM (SELECT *, reason IS NULL AS was_successfully_labeled FROM ${answers}) n
       WHERE n.date = ${literal(day)})
     QUALIFY row_number() OVER (PARTITION BY ${REPLICATE_KEY}
       ORDER BY was_successfully_labeled DESC, label_timestamp DESC) = 1
     ORDER BY label_set_id, round, uri`,
  );
}

/** Is the label `l` of the same version as the new label `n` of the same uri? See `mergeLabels`. */
const SAME_VERSION = `CASE WHEN l.cid IS NULL OR n.cid IS NULL
  THEN l.text_hash IS NOT DISTINCT FROM n.text_hash ELSE l.cid = n.cid END`;

/** Give the columns of label rows from staged answers `n`, as SQL. */
function labelColumnsSql(
  labelSet: LabelSet,
  table: Table,
  labels: string[],
): string {
  const parsed = labels.filter((name) => !(name in ANSWER_COLUMNS));
  const types = Object.fromEntries(parsed.map((name) => [name, table.columns[name]]));
  const { temperature, seed } = labelSet.parameters as { temperature?: number; seed?: number };
  const provenance = {
    label_set_id: labelSetId(labelSet),
    model: labelSet.model,
    codebook_hash: labelSet.codebook_hash,
    prompt_hash: labelSet.prompt_hash,
    parameters: toJson(labelSet.parameters),
    temperature,
    seed,
  };
  return [
    ...[
      "n.uri",
      "n.cid",
      "n.text_hash",
      "was_successfully_labeled",
      "reason",
      "label_timestamp::TIMESTAMP AS label_timestamp",
      "run_id",
    ],
    ...Object.keys(ANSWER_COLUMNS),
    ...Object.entries(provenance).map(([name, value]) => `${literal(value)} AS ${name}`),
    ...parsed.map((name) =>
      `struct_extract(from_json(n.columns, ${literal(JSON.stringify(types))}), ${
        literal(name)
      }) AS "${name}"`
    ),
  ].join(", ");
}
