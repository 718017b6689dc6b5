/** A paid service that says what a test tells it to, and all that a run of the engine is made of. */
import { AnswerSegment } from "../../../etl/answers/answer_segment.ts";
import type { AskerOptions } from "../../../classifiers/engine/asker.ts";
import type { QueuedPost } from "../../../classifiers/engine/asked_post.ts";
import { LabellingCounts } from "../../../classifiers/engine/labelling_counts.ts";
import { LabellingStop } from "../../../classifiers/engine/labelling_stop.ts";
import { Pacer } from "../../../etl/quota/pacer.ts";
import { ServiceError, type ServiceProblem } from "../../../etl/answers/service_error.ts";
import { Budget } from "../../../classifiers/engine/budget.ts";
import { DataPaths } from "../../../etl/store/paths.ts";
import { uri } from "../../raw.ts";
import { withData } from "../../rows.ts";
import { DAY, LABELLED, READER } from "./labelled_day.ts";

export const ANSWER = '{"prob_toxic":0.25}';
/** US dollars a request. */
export const PRICE = 0.25;
/** What a run may spend, in US dollars. */
export const BUDGET = 10;

export interface ToldRun extends AskerOptions {
  /** What was asked, in order. */
  asked: string[];
  /** What was on disk at each reading of an answer. */
  seen: string[];
  /** Give what is on disk. */
  lines(): { uri: string; answer: string | null; reason: string | null; price?: number }[];
}

export function queued(name: string, changes: Partial<QueuedPost> = {}): QueuedPost {
  return {
    uri: uri(name),
    cid: `cid-${name}`,
    text: `what ${name} says`,
    text_hash: `hash-${name}`,
    detected_language: "en",
    turn: 0,
    is_repeated: false,
    date: DAY,
    ...changes,
  };
}

export function refusal(problem: ServiceProblem, retryAfterMs = 1): ServiceError {
  const reasons = {
    passing: "timed_out",
    rejected: "rejected",
    fatal: null,
    cut: "cut_short",
    denied: "unavailable",
  } as const;
  const reason = problem === "rate_limited" ? problem : reasons[problem];
  return new ServiceError(problem, reason, "it is not ready", retryAfterMs);
}

/** Give a run something to do whose service says these things one after the other, then `ANSWER`. */
export async function withRun(
  says: (string | ServiceError)[],
  run: (told: ToldRun) => Promise<void>,
): Promise<void> {
  await withData(async (data) => {
    const segment = await AnswerSegment.create(
      new DataPaths(data).answers("tone", LABELLED.labelSetId),
    );
    const left = [...says];
    const [asked, seen]: string[][] = [[], []];
    const onDisk = () => Deno.readTextFileSync(segment.path);
    try {
      await run({
        classifier: {
          name: "tone",
          service: "tone",
          postsPerRequest: 1,
          labelSet: READER.labelSet,
          columns: READER.columns,
          unscorable: () => undefined,
          request: ({ text }) => text,
          weight: () => ({ requests: 1, tokens: 0 }),
          price: () => PRICE,
          ask(posts) {
            asked!.push(...posts.map(({ text }) => text));
            const next = left.shift() ?? ANSWER;
            return next instanceof ServiceError
              ? Promise.reject(next)
              : Promise.resolve({ answer: next });
          },
          read(answer) {
            seen!.push(onDisk());
            return READER.read(answer);
          },
        },
        pacer: new Pacer([]),
        segment,
        runId: "run-1",
        budget: new Budget(BUDGET),
        counts: new LabellingCounts(),
        stop: new LabellingStop(),
        onPause: () => {},
        asked: asked!,
        seen: seen!,
        lines: () => onDisk().split("\n").slice(0, -1).map((line) => JSON.parse(line)),
      });
    } finally {
      await segment.close();
    }
  });
}
