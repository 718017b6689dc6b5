import { labelSetId } from "../../etl/label_set.ts";
import { type Database, isOutOfMemory } from "../../etl/store/duckdb.ts";
import type { DataPaths } from "../../etl/store/paths.ts";
import type { AnswerReader } from "./answer_reader.ts";
import { compactAnswers, type Compacted } from "./compaction.ts";
import type { LabellingQueue } from "./labelling_queue.ts";
import type { PaidClassifier } from "./paid_classifier.ts";
import { compactReplicates } from "./replicate_compaction.ts";
import { LIMIT_MEMORY, LIMIT_MEMORY_LATE } from "./memory_limit.ts";
import { recordSpending } from "./spending.ts";

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
