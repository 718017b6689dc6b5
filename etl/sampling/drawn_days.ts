import { z } from "zod";
import { EXIT } from "../run/error.ts";
import { StateFile } from "../store/state_file.ts";
import type { DataPaths } from "../store/paths.ts";

const Days = z.record(
  z.iso.date(),
  z.strictObject({
    /** The seed by which the posts of the day were drawn first. */
    seed: z.string(),
    /** The settings by which its posts without a request were judged. */
    judged_by: z.string(),
  }),
);

type Days = z.infer<typeof Days>;

/**
 * How the posts of each day were drawn when a label set began the day.
 *
 * A day keeps its seed: rows drawn by two seeds would have wrong weights. For
 * writing, the caller holds the lock `classify-<label set id>`.
 */
export class DrawnDays {
  private constructor(readonly file: StateFile<Days>, readonly days: Days) {}

  /** Read the drawn days of a label set. Throws a usage error where the file is not ours. */
  static read(paths: DataPaths, classifier: string, labelSetId: string): DrawnDays {
    const file = new StateFile(paths.drawnDays(classifier, labelSetId), Days, {
      found: "it does not hold the seeds of drawn days",
      remedy:
        "Put back a copy from a backup, or remove it if study.yaml still has the seed by which " +
        "the labels were drawn",
      exitCode: EXIT.usage,
    });
    return new DrawnDays(file, file.read() ?? {});
  }

  /** Give the seed by which a day was drawn, undefined where it was not begun. */
  seedOf(day: string): string | undefined {
    return this.days[day]?.seed;
  }

  /** Whether posts of a day were judged by other settings than these. */
  isJudgedOtherwise(day: string, judgedBy: string): boolean {
    const found = this.days[day];
    return found !== undefined && found.judged_by !== judgedBy;
  }

  /** Record durably that a day is begun; an already begun day stays as it is. */
  async begin(day: string, seed: string, judgedBy: string): Promise<void> {
    if (this.days[day] !== undefined) return;
    this.days[day] = { seed, judged_by: judgedBy };
    await this.file.write(this.days);
  }

  /** Record that all posts of some days are judged by these settings. */
  async judged(days: string[], judgedBy: string): Promise<void> {
    const others = days.filter((day) => this.isJudgedOtherwise(day, judgedBy));
    if (others.length === 0) return;
    for (const day of others) this.days[day]!.judged_by = judgedBy;
    await this.file.write(this.days);
  }
}
