import type { Context, Outcome } from "../../etl/command/command.ts";
import type { PostContexts } from "../../etl/context/post_context.ts";
import type { LabellingQueue } from "./labelling_queue.ts";
import type { LabellingSettings } from "../../etl/study/labelling_settings.ts";
import type { PaidClassifier } from "./paid_classifier.ts";
import type { ReplicateRound } from "./replicate_round.ts";

/** A classifier that is ready to label. */
export interface OpenedTask {
  classifier: PaidClassifier;
  settings: LabellingSettings;
  /** Gives the contexts of posts, where the classifier needs them. */
  contexts?: PostContexts | undefined;
  /** Called before the first request; throws a UserError where none can be answered. */
  check?(): Promise<void>;
  /** Label instead of the engine, which asks live. */
  labelBatches?(run: Run): Promise<Outcome>;
}

/** Options of a labelling run. */
export interface LabellingOptions {
  since?: string;
  until?: string;
  limit?: number;
  maxCost?: number;
  dryRun?: boolean;
  all?: boolean;
  retryFailed?: boolean;
}

/** A labelling run with its inputs. */
export interface Run {
  context: Context;
  task: string;
  options: LabellingOptions;
  classifier: PaidClassifier;
  settings: LabellingSettings;
  contexts: PostContexts | undefined;
  check: (() => Promise<void>) | undefined;
  queue: LabellingQueue;
  round: ReplicateRound;
  labelSetId: string;
}
