import { join } from "node:path";
import { PASSING_REASONS } from "../../../etl/labels/label_reason.ts";
import { segmentLines } from "../../../etl/store/journal.ts";
import type { DataPaths } from "../../../etl/store/paths.ts";
import { parseAnswer } from "./answer_reader.ts";

/** What a run left in segments when it died, which the next one merges before it asks for anything. */
export class WaitingAnswers {
  readonly #posts = new Set<string>();

  /** Read what waits of a label set; changes no file, as a run may be under way. */
  static async read(
    paths: DataPaths,
    classifier: string,
    labelSetId: string,
  ): Promise<WaitingAnswers> {
    const waiting = new WaitingAnswers();
    const folder = paths.answers(classifier, labelSetId);
    for (const name of paths.segmentNames(classifier, labelSetId)) {
      for await (const line of segmentLines(join(folder, name))) {
        const answer = parseAnswer(line);
        const isPassing = answer?.reason && PASSING_REASONS.includes(answer.reason);
        if (answer && !isPassing) waiting.#posts.add(keyOf(answer));
      }
    }
    return waiting;
  }

  /** Whether the answer about a post waits. */
  has(post: { uri: string; text_hash: string }): boolean {
    return this.#posts.has(keyOf(post));
  }
}

function keyOf({ uri, text_hash }: { uri: string; text_hash: string }): string {
  return `${uri} ${text_hash}`;
}
