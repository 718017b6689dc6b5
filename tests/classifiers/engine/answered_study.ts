/** A study with invented posts and answers, and what a merge of the answers makes of them. */
import { type Answer, AnswerSegment } from "../../../etl/answers/answer_segment.ts";
import { mergeAnswers } from "../../../etl/answers/answer_merge.ts";
import { findPending, pendingPages, type PendingPost } from "../../../etl/sampling/pending.ts";
import type { Sample } from "../../../etl/sampling/sample.ts";
import { type Database, literal, openDatabase, type Row, rows } from "../../../etl/store/duckdb.ts";
import { DataPaths } from "../../../etl/store/paths.ts";
import { withData } from "../../rows.ts";
import { answer, DAY, LABELLED, READER, sample } from "./labelled_day.ts";

export interface Label extends Row {
  uri: string;
  label_prob: number | null;
}

/** A folder of data whose answers are merged. */
export class Study {
  constructor(readonly data: string, readonly database: Database, readonly paths: DataPaths) {}

  async append(...answers: Answer[]): Promise<string> {
    const segment = await AnswerSegment.create(this.paths.answers("tone", LABELLED.labelSetId));
    await Promise.all(answers.map((answer) => segment.append(answer)));
    await segment.close();
    return segment.path;
  }

  async merge(drawn: Sample = sample()) {
    return await mergeAnswers(
      this.database,
      this.paths,
      READER,
      () => Promise.resolve(drawn),
    );
  }

  /** Label the next posts that are pending, and give them. */
  async label(drawn: Sample, count: number, skip = 0): Promise<PendingPost[]> {
    await findPending(this.database, this.paths, LABELLED, drawn);
    const posts = (await Array.fromAsync(pendingPages(this.database, this.paths, DAY))).flat()
      .slice(skip, skip + count);
    await this.append(...posts.map(answer));
    await this.merge(drawn);
    return posts;
  }

  async labels(): Promise<Label[]> {
    const path = literal(this.paths.labels("tone", DAY));
    return await rows<Label>(
      this.database,
      `SELECT * FROM read_parquet(${path}, hive_partitioning = false)
       ORDER BY uri`,
    );
  }

  /** Give the different probabilities of a stratum's rows, and how many have them. */
  async probs(stratum: string): Promise<Record<string, number>> {
    const counts: Record<string, number> = {};
    for (const label of await this.labels()) {
      if (!label.uri.includes(stratum)) continue;
      const prob = label.label_prob === null ? "null" : label.label_prob.toFixed(4);
      counts[prob] = (counts[prob] ?? 0) + 1;
    }
    return counts;
  }
}

/** Declare a test that works on a study of its own. */
export function test(name: string, run: (study: Study) => Promise<void>): void {
  Deno.test(name, () =>
    withData(async (data) => {
      using database = await openDatabase(data);
      await run(new Study(data, database, new DataPaths(data)));
    }));
}
