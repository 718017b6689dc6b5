import { join } from "node:path";
import {
  batchPaths,
  type OpenBatch,
  openBatches,
  removeBatch,
  storeBatch,
  sweepBatches,
} from "../../etl/batches/open_batch.ts";
import { removeIfThere } from "../../etl/store/if_there.ts";
import { now } from "../../etl/run/clock.ts";
import { UserError } from "../../etl/run/error.ts";
import { GoneError } from "../clients/groq_refusal.ts";
import { batchedPosts } from "../../etl/batches/batched_posts.ts";
import { LabellingCounts } from "../engine/labelling_counts.ts";
import { mergeAnswers } from "../../etl/answers/answer_merge.ts";
import type { Run } from "../engine/labelling_run.ts";
import type { BatchCarrier, Store } from "./batch_carrier.ts";
import { isLimited } from "../../etl/answers/service_error.ts";
import { landBatch } from "./batch_landing.ts";

/** What a run got by looking after the open batches. */
export interface LookedAfter {
  /** Batches that landed. */
  landed: number;
  counts: LabellingCounts;
  /** Answers to posts that were removed meanwhile. */
  dropped: number;
  /** Why no further batch may be sent now. */
  errors: UserError[];
  /** The server asks to wait before it takes another one. */
  isLimited: boolean;
}

/** The batches of a label set that a carrier looks after, while the caller holds the lock of the label set. */
export class OpenBatches {
  constructor(readonly run: Run, readonly carrier: BatchCarrier) {}

  /** Give all batches of the label set, those of other carriers too. */
  list(): OpenBatch[] {
    const { context, classifier, labelSetId } = this.run;
    return openBatches(context.paths, classifier.name, labelSetId);
  }

  /** Continue where an earlier run ended, and land ready batches. */
  async lookAfter(): Promise<LookedAfter> {
    const { context, classifier, labelSetId } = this.run;
    const { paths } = context;
    const all = this.list();
    // Before any request: this throws where the server is another one.
    const own = all.filter((batch) => this.carrier.has(batch));
    await sweepBatches(paths, all, paths.batches(classifier.name, labelSetId));
    const done: LookedAfter = {
      landed: 0,
      counts: new LabellingCounts(),
      dropped: 0,
      errors: [],
      isLimited: false,
    };
    for (const batch of own) {
      if (batch.stage === "landed") await this.#remove(batch);
      else if (await this.#resume(batch, done)) await this.#look(batch, done);
    }
    return done;
  }

  /** Send a batch whose files are written, and remember each step. */
  async send(batch: OpenBatch): Promise<void> {
    const { paths } = this.run.context;
    await storeBatch(paths, batch);
    const { requests, posts } = this.#paths(batch);
    try {
      await this.carrier.send(batch, requests, this.#storing(batch));
    } catch (error) {
      // A batch that never arrived is pending again. One that may have arrived is found by its name.
      if (batch.stage === "written") {
        for (const path of [requests, posts]) await removeIfThere(path);
      }
      throw error;
    }
  }

  /** Tell whether a batch has reached its destination. */
  async #resume(batch: OpenBatch, done: LookedAfter): Promise<boolean> {
    if (batch.stage === "created") return true;
    const { context } = this.run;
    const { paths, progress } = context;
    let posts = 0;
    for await (const _ of batchedPosts(paths, batch)) posts++;
    const isWhole = posts === batch.posts;
    try {
      if (await this.carrier.resume(batch, isWhole, this.#storing(batch))) return true;
    } catch (error) {
      if (!isLimited(error)) throw error;
      context.warn(error.message);
      done.isLimited = true;
      return false;
    }
    progress.say(`the batch ${batch.name} was never begun: its posts are pending again`);
    await removeBatch(paths, batch);
    return false;
  }

  async #look(batch: OpenBatch, done: LookedAfter): Promise<void> {
    const { context, classifier } = this.run;
    const standing = await this.carrier.look(batch);
    const looked_at = now().toISOString();
    if (standing.state === "lost") return await this.#giveUp(batch);
    const { status } = standing;
    if (standing.state === "open") {
      const { answered, expires_at } = standing;
      await this.#storing(batch)({ status, answered, expires_at, looked_at });
      return;
    }
    await this.#storing(batch)({ status, looked_at });
    const { paths, runId } = context;
    const { counts } = done;
    context.progress.say(`landing the batch ${batch.name}, which is ${status}`);
    const landing = { paths, classifier, batch, runId, counts };
    const landed = await landBatch(landing, standing.lines()).catch((error) => {
      if (!(error instanceof GoneError)) throw error;
    });
    if (landed === undefined) return await this.#giveUp(batch);
    const { errors, doubted } = await this.#land();
    done.errors.push(...errors, ...doubted ? [doubted.error] : []);
    if (doubted) counts.doubt(doubted);
    await this.#storing(batch)({ stage: "landed" });
    await this.#remove(batch);
    done.landed++;
    done.dropped += landed.dropped;
    if (landed.unreadable > 0) {
      context.warn(`${landed.unreadable} answer lines of the batch ${batch.name} cannot be read`);
    }
    if (landed.missing > 0) {
      context.warn(
        `the batch ${batch.name} is ${status} and has no answer for ${landed.missing} posts: they are ` +
          "pending again",
      );
    }
    const why = standing.failure ?? landed.fatal?.message;
    if (why === undefined) return;
    done.errors.push(
      new UserError(
        `label the posts of the batch ${batch.name}`,
        why,
        "Received answers are kept, and nothing more was sent. Mend this, then run it again",
      ),
    );
  }

  async #giveUp(batch: OpenBatch): Promise<void> {
    this.run.context.warn(
      `the batch ${batch.name} no longer exists where it was sent (${
        batch.host ?? batch.folder
      }): those of its ${batch.posts} posts that did not land are pending again, and the cost of the ` +
        "others is unknown",
    );
    await this.#land();
    await this.#remove(batch);
  }

  async #remove(batch: OpenBatch): Promise<void> {
    await this.carrier.clear(batch);
    await removeBatch(this.run.context.paths, batch);
  }

  #land() {
    const { context, classifier, queue } = this.run;
    return mergeAnswers(context.database, context.paths, classifier, (day) => queue.sampleOf(day));
  }

  #storing(batch: OpenBatch): Store {
    const { paths } = this.run.context;
    return async (change) => {
      Object.assign(batch, change);
      await storeBatch(paths, batch);
      // Sent requests are not needed any more, and hold texts of posts.
      if (batch.stage !== "written") await removeIfThere(this.#paths(batch).requests);
    };
  }

  #paths(batch: OpenBatch) {
    const { paths } = this.run.context;
    return batchPaths(join(paths.batches(batch.classifier, batch.label_set_id)), batch.name);
  }
}
