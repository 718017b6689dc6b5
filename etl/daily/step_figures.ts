/** The work of a step and the work left, in a few words for one line; empty for none. */
export interface StepFigures {
  did: string;
  left: string;
}

/** Time of a window owed a moment after collection is not work left. */
const OWED_HOURS = 0.05;

type Summary = Record<string, unknown>;

/** Give the key figures of the summary that a task printed. */
export function stepFigures(task: string, summary: Summary): StepFigures {
  const [verb] = task.split(":");
  const figures = task === "sync:most-liked"
    ? ofFeeds(summary)
    : FIGURES[verb!]?.(summary) ?? { did: [], left: [] };
  return { did: join(figures.did), left: join(figures.left) };
}

/** Parts of a line; those without a number are left out. */
type Parts = { did: (string | undefined)[]; left: (string | undefined)[] };

const FIGURES: Record<string, (summary: Summary) => Parts> = {
  sync(summary) {
    const hours = number(summary.owed_hours);
    return {
      did: [
        `${count(summary, "posts", "recovered_posts")} posts`,
        some(count(summary, "deletions", "recovered_deletions"), "deletions"),
      ],
      left: [hours < OWED_HOURS ? undefined : `${hours} h owed`],
    };
  },
  preprocess: (summary) => ({
    did: [
      `${count(summary, "posts")} posts`,
      `${count(summary, "days")} days, ${count(summary, "days_unchanged")} unchanged`,
    ],
    left: [some(listOf(summary.days_stopped_by_damage).length, "damaged days")],
  }),
  classify: (summary) =>
    "landed" in summary ? ofBatches(summary) : {
      did: [
        `${count(summary, "labelled", "labeled")} labelled`,
        some(sum(summary.failed), "without a label"),
        cost(summary),
      ],
      left: [
        some(count(summary, "pending"), "pending"),
        some(count(summary, "in_batch"), "in a batch"),
      ],
    },
  aggregate: (summary) => ({
    did: [`${count(summary, "days")} days`, some(count(summary, "days_unchanged"), "unchanged")],
    left: [],
  }),
  render: (summary) => ({
    // Each page has a notebook beside it.
    did: [`${listOf(summary.files).filter((file) => /\.html$/.test(String(file))).length} pages`],
    left: [some(count(summary, "failed"), "notebooks failed")],
  }),
};

function ofFeeds(summary: Summary): Parts {
  const counts = objectOf(summary.counts);
  return {
    did: [
      `${count(summary, "posts")} posts`,
      some(count(counts, "counted", "gone"), "counted again"),
    ],
    left: [],
  };
}

function ofBatches(summary: Summary): Parts {
  const [landed, submitted, open] = ["landed", "submitted", "open"].map((key) =>
    objectOf(summary[key])
  );
  return {
    did: [
      `${count(landed!, "labelled")} labelled`,
      some(sum(landed!.failed) + sum(summary.unscorable), "without a label"),
      cost(landed!),
      some(count(submitted!, "posts"), "sent in a batch"),
    ],
    left: [some(count(summary, "pending"), "pending"), some(count(open!, "posts"), "in a batch")],
  };
}

function join(parts: (string | undefined)[]): string {
  return parts.filter((part) => part !== undefined).join(", ");
}

function some(count: number, what: string): string | undefined {
  return count > 0 ? `${count} ${what}` : undefined;
}

function cost(summary: Summary): string | undefined {
  const dollars = number(summary.cost);
  return dollars > 0 ? `$${dollars.toFixed(2)}` : undefined;
}

/** Add up some keys; one that is not there is 0. */
function count(summary: Summary, ...keys: string[]): number {
  return keys.reduce((sum, key) => sum + number(summary[key]), 0);
}

function sum(counts: unknown): number {
  return Object.values(objectOf(counts)).reduce<number>((sum, n) => sum + number(n), 0);
}

function number(value: unknown): number {
  return typeof value === "number" ? value : 0;
}

function objectOf(value: unknown): Summary {
  return typeof value === "object" && value !== null ? value as Summary : {};
}

function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}
