import { labelSetId } from "../../etl/labels/label_set.ts";
import { type Database, isOutOfMemory } from "../../etl/store/duckdb.ts";
import type { DataPaths } from "../../etl/store/paths.ts";
import type { AnswerReader } from "./answers/answer_reader.ts";
import { compactAnswers, type Compacted } from "./answers/compaction.ts";
import type { LabellingQueue } from "./queue/labelling_queue.ts";
import type { PaidClassifier } from "./contract/paid_classifier.ts";
import { compactReplicates } from "./answers/replicate_compaction.ts";
import { LIMIT_MEMORY, LIMIT_MEMORY_LATE } from "./queue/memory_limit.ts";
import { recordSpending } from "./answers/spending.ts";

/**
 * Bring what is in segments into the labels and replicates; what it cost is written down before.
 *
 * For whoever holds the lock `classify-<label set id>`.
 */
export async function landAnswers(
  database: Database,
  paths: DataPaths,
  classifier: PaidClassifier,
  queue: LabellingQueue,
): Promise<Compacted> {
  await recordSpending(paths, classifier.name, labelSetId(classifier.labelSet));
  const reader: AnswerReader = {
    labelSet: classifier.labelSet,
    columns: { ...classifier.columns },
    ...classifier.part ? { part: classifier.part.bind(classifier) } : {},
    readAnswer: (answer) => classifier.read(answer),
  };
  const merge = async () => {
    const compacted = await compactAnswers(database, paths, reader, (day) => queue.sampleOf(day));
    const errors = await compactReplicates(database, paths, reader);
    return { ...compacted, errors: [...compacted.errors, ...errors] };
  };
  await database.run("SET threads = 1");
  try {
    return await merge();
  } catch (error) {
    if (!isOutOfMemory(error)) throw error;
    await database.run(LIMIT_MEMORY_LATE);
    return await merge();
  } finally {
    await database.run("RESET threads");
    await database.run(LIMIT_MEMORY);
  }
}
