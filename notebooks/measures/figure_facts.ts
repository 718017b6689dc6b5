import type { Coverage } from "./coverage.ts";
import type { Data } from "../query/data.ts";
import { unbelievedText, type UnbelievedTimes } from "./creation_times.ts";
import { identifier } from "../query/identifier.ts";
import { failureBounds, type Outcomes } from "./failure_bounds.ts";
import type { MeasuredShare } from "./measured_shares.ts";
import type { SampleKind } from "./estimate.ts";
import { formatCount, formatNumber, formatShare } from "./number_format.ts";

/** What every figure must say of itself. */
export interface FigureFacts {
  /** Posts that the figure rests on. */
  n: number;
  /** Of what the shares are, such as “posts of the firehose that passed the filters”. */
  denominator: string;
  /** Which label set, as `labelSetName` writes it; left out where nothing is labelled. */
  label_set?: string;
  /** How many labels that came with a file found their post, as `importedLabels` says it. */
  found_labels?: string;
  /** How many posts could not be labelled; left out where nothing is labelled. */
  failures?: { n_failed: number; outcomes: Outcomes; is_share: boolean };
  /** Labelled posts left out because nobody knows how likely they were to be drawn. */
  n_unsampled?: number;
  /** What was collected; undefined where that is not recorded, as for imports. */
  coverage?: Coverage;
  /** How many posts stand on the clock of their source. */
  unbelieved?: UnbelievedTimes;
  /** What the labelled posts are of the denominator. */
  kind?: SampleKind;
  /** What intervals are for, or why there are none. */
  about?: string;
  /** What else is to be said of this figure. */
  also?: string;
  /** Where a figure shows several groups of posts, such as a stream and a feed, the facts of each. */
  groups?: GroupFacts[];
}

/** The facts of a figure about one group of posts. */
export interface GroupFacts {
  name: string;
  facts: FigureFacts;
}

/** Put the facts of groups together; of groups without labels nothing is said beside those that have some. */
export function factsOfGroups(groups: GroupFacts[]): FigureFacts {
  const tried = groups.filter(({ facts }) => facts.n + (facts.failures?.n_failed ?? 0) > 0);
  const [{ facts }] = [...tried, ...groups] as [GroupFacts];
  if (tried.length < 2) return facts;
  return { ...facts, n: tried.reduce((sum, { facts }) => sum + facts.n, 0), groups: tried };
}

/** Give the facts of a figure that is not of the share that `failures` would bound. */
export function withoutBounds(facts: FigureFacts): FigureFacts {
  const { failures, groups } = facts;
  return {
    ...facts,
    failures: failures && { ...failures, is_share: false },
    groups: groups?.map(({ name, facts }) => ({ name, facts: withoutBounds(facts) })),
  };
}

/** Give the facts of a figure that draws no intervals, though a sample would have some. */
export function withoutIntervals(facts: FigureFacts): FigureFacts {
  const groups = facts.groups?.map(({ name, facts }) => ({ name, facts: withoutIntervals(facts) }));
  if (facts.kind !== "sample") return { ...facts, groups };
  return {
    ...facts,
    groups,
    about:
      "The labelled posts are a random sample, weighted by how likely each and its hour were " +
      "to be drawn; intervals are not drawn here.",
  };
}

/**
 * Put the facts of a figure into the line under it: n, denominator, failures and what they leave
 * open, coverage, labels.
 */
export function factsLine(facts: FigureFacts): string {
  const { groups, label_set, also } = facts;
  if (groups) {
    return [
      ...groups.map(({ name, facts }) =>
        `${name}: ${factsLine({ ...facts, label_set: undefined })}`
      ),
      label_set && `Labels: ${label_set}.`,
      also,
    ].filter(Boolean).join(" ");
  }
  return [
    `n = ${formatNumber(facts.n)}. Denominator: ${facts.denominator}.`,
    facts.failures && failureText(facts.failures),
    facts.n_unsampled
      ? `${formatCount(facts.n_unsampled, "labelled post")} ${
        facts.n_unsampled === 1 ? "has" : "have"
      } no probability of being drawn, and ${facts.n_unsampled === 1 ? "is" : "are"} left out.`
      : undefined,
    facts.coverage ? coverageText(facts.coverage) : "What was received is not recorded.",
    unbelievedText(facts.unbelieved),
    label_set && `Labels: ${label_set}.`,
    facts.found_labels,
    facts.about,
    also,
  ].filter(Boolean).join(" ");
}

/** Say how many posts have each attribute, where in a group it is not one number; nothing where it is. */
export function countsByAttribute(counts: { group: string; n: number }[]): string | undefined {
  const said = [...Map.groupBy(counts, ({ group }) => group)].flatMap(([group, ofGroup]) => {
    const all = ofGroup.map(({ n }) => n);
    const [least, most] = [Math.min(...all), Math.max(...all)];
    return least === most ? [] : `${group} ${formatNumber(least)} to ${formatNumber(most)}`;
  });
  return said.length > 0 ? `Posts that have an attribute: ${said.join(", ")}.` : undefined;
}

/** Give the title of a figure with the hours that it speaks of, where those are not whole days. */
export function titleOf(title: string, facts: FigureFacts): string {
  return facts.coverage?.written ? `${title}: ${facts.coverage.written}` : title;
}

/** Give the facts of a share of a range. */
export function factsOf(
  share: MeasuredShare,
  rest: Pick<
    FigureFacts,
    "denominator" | "label_set" | "found_labels" | "coverage" | "unbelieved"
  >,
  isShare = true,
): FigureFacts {
  const { sums, sampling, outcomes, estimate } = share;
  return {
    ...rest,
    n: sums.n_labeled,
    failures: { n_failed: sampling.n_failed, outcomes, is_share: isShare },
    n_unsampled: sampling.n_labeled - sums.n_labeled,
    kind: estimate.kind,
    about: estimate.about,
  };
}

/**
 * Name the label set of a classifier that the views show, undefined where nothing was labelled.
 *
 * Of people's labels it says how many found their post.
 */
export async function labelSetName(data: Data, classifier: string): Promise<string | undefined> {
  const row = await shownSet(data, classifier);
  if (row === undefined) return undefined;
  const imported = JSON.parse(row.parameters ?? "{}").imported_as;
  const what = [classifier, row.codebook, row.model, imported].filter(Boolean).join(" ");
  const found = classifier === "human" ? ` (${await foundLabels(data, classifier)})` : "";
  return `${what}, label set ${row.label_set_id}${found}`;
}

/** Say how many of a classifier's imported labels found their post; nothing where it gave them here. */
export async function importedLabels(data: Data, classifier: string): Promise<string | undefined> {
  const row = await shownSet(data, classifier);
  return /^imported-/.test(row?.classifier_version ?? "")
    ? `${await foundLabels(data, classifier)}.`
    : undefined;
}

async function shownSet(data: Data, classifier: string) {
  const rows = (await data.sql`
    SELECT label_set_id, codebook, model, parameters, classifier_version FROM label_sets
    WHERE classifier = ${classifier} AND is_shown`).objects() as Record<string, string | null>[];
  return rows[0];
}

async function foundLabels(data: Data, classifier: string): Promise<string> {
  const [row] = (await data.sql`
    SELECT count(*) AS labels, count(p.uri) AS found FROM (
      SELECT uri, cid, text_hash FROM ${
    identifier(classifier)
  } WHERE NOT starts_with(uri, 'deleted:')
    ) AS l LEFT JOIN (
      SELECT uri, cid, text_hash FROM posts
    ) AS p ON p.uri = l.uri AND p.text_hash = l.text_hash AND coalesce(p.cid = l.cid, true)`)
    .objects() as { labels: number; found: number }[];
  const { labels, found } = row!;
  return `${formatNumber(Number(found))} of ${
    formatCount(Number(labels), "label")
  } found their post`;
}

function failureText({ n_failed, outcomes, is_share }: NonNullable<FigureFacts["failures"]>) {
  const { failure_rate, if_all_no, if_all_yes } = failureBounds(outcomes);
  if (n_failed === 0) return "No label failed.";
  const failed = `Labelling failed for ${formatShare(failure_rate, 1)} ` +
    `(${formatCount(n_failed, "post")}), which are left out`;
  return is_share
    ? `${failed}. The share would be ${formatShare(if_all_no, 1)} if all of them were no, and ` +
      `${formatShare(if_all_yes, 1)} if all were yes.`
    : `${failed}.`;
}

function coverageText({ hours, of_hours }: Coverage): string {
  return `Received: ${formatNumber(Math.round(hours * 10) / 10)} of ${
    formatNumber(of_hours)
  } hours.`;
}
