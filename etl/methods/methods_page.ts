import type { LabelledPosts } from "./analysed_posts.ts";
import { collectionLines } from "./collection_statement.ts";
import type { MethodsFacts } from "./methods_facts.ts";
import { minute, number, percent } from "./statement_text.ts";
import { markdownTable } from "../export/markdown_table.ts";
import { describeCreationTimes } from "./creation_times.ts";
import { setAsideLines } from "./set_aside.ts";
import { unknowns } from "./unknown_facts.ts";

const text = (value: string | null) => value ?? "";

/** Write the data statement as Markdown. */
export function methodsPage(facts: MethodsFacts): string {
  return [
    `# Data statement: ${facts.study}`,
    "",
    ...facts.notice ? [`**${facts.notice}**`, ""] : [],
    `Written ${minute(new Date(facts.written_at))} UTC by civicsky from its tables and ledgers. ` +
    "All times are UTC. Numbers describe the data kept now: deleted posts count only among the " +
    "posts received.",
    "",
    "![From collected to analysed posts](methods.svg)",
    "",
    ...section("Collected", [...collectionLines(facts), ...setAsideLines(facts.set_aside)]),
    ...section("Posts and filters", filterLines(facts)),
    ...section("Labels", facts.label_sets.flatMap(labelLines)),
    ...section("Deletions", deletionLines(facts)),
    ...section("Runs and versions", runLines(facts)),
    ...section("What is not known", unknowns(facts).map((line) => `- ${line}`)),
  ].join("\n");
}

function section(title: string, lines: string[]): string[] {
  return [`## ${title}`, "", ...lines.length > 0 ? lines : ["None."], ""];
}

function filterLines(
  { posts, filter_descriptions: descriptions, creation_times }: MethodsFacts,
): string[] {
  const { filters, passed_filters, days } = posts;
  if (posts.posts === 0) return [];
  const bySource = Object.entries(posts.by_source).map(([name, n]) => `${number(n)} of ${name}`)
    .join(", ");
  return [
    `${number(posts.posts)} posts of ${days.length} days, ${days[0]} to ${
      days.at(-1)
    }, one row each` +
    (bySource === "" ? ". " : `: ${bySource} (a post may have several). `) +
    `${number(passed_filters)} (${percent(passed_filters, posts.posts)}) pass all filters. ` +
    "Filters flag posts and drop none.",
    "",
    `${
      describeCreationTimes(creation_times).join(". ")
    }. A creation time is believed where it lies ` +
    "between one hour before and ten minutes after the time of the source.",
    "",
    ...markdownTable([
      ["filter", "flagged", "alone", "with others", "what it flags, and its settings now"],
      ...Object.entries(filters).map(([name, { flagged, alone, with_others }]) => [
        name,
        number(flagged),
        number(alone),
        number(with_others),
        descriptions[name] ?? "no longer in study.yaml",
      ]),
      ["any", number(posts.posts - passed_filters), "", "", ""],
    ]),
    "",
    `Filter configurations: ${
      posts.filter_configs.map(({ hash, posts }) => `\`${hash}\` (${number(posts)} posts)`).join(
        ", ",
      )
    }.`,
  ];
}

function labelLines(set: LabelledPosts): string[] {
  const prob = (low: number | null, high: number | null) =>
    low === null ? "" : low === high ? String(low) : `${low} to ${high}`;
  return [
    `### ${set.classifier}, label set \`${set.label_set_id}\`${set.is_shown ? "" : " (not shown)"}`,
    "",
    ...markdownTable([
      [
        "version",
        "model",
        "codebook",
        "codebook hash",
        "prompt hash",
        "parameters",
        "first used",
        "last used",
      ],
      [
        text(set.classifier_version),
        text(set.model),
        text(set.codebook),
        text(set.codebook_hash),
        text(set.prompt_hash),
        text(set.parameters),
        set.first_used ? minute(set.first_used) : "",
        set.last_used ? minute(set.last_used) : "",
      ],
    ]),
    "",
    ...markdownTable([
      [
        "stratum",
        "passed filters",
        "posts",
        "labelled",
        "failed",
        "not drawn or not yet",
        "probability of being drawn",
        "labelled without it",
      ],
      ...set.strata.map((row) => [
        row.stratum,
        row.passed_filters ? "yes" : "no",
        number(row.posts),
        number(row.labelled),
        number(row.failed),
        number(row.posts - row.labelled - row.failed),
        prob(row.lowest_prob, row.highest_prob),
        number(row.unsampled),
      ]),
    ]),
    "",
    ...set.failures.length === 0 ? ["No post failed."] : markdownTable([
      ["reason for a failure", "posts that pass the filters", "others"],
      ...set.failures.map((row) => [row.reason, number(row.passed), number(row.filtered_out)]),
    ]),
    "",
  ];
}

function deletionLines({ taken_back, recheck, after_deletion }: MethodsFacts): string[] {
  return [
    "Text, uri and author of a deleted post leave every table; " +
    (after_deletion === "keep_numbers"
      ? "its numeric labels stay under a keyed hash and are not counted here."
      : "so do its labels.") +
    ` ${recheck.sentence} A tombstone may concern a post that the study never had.`,
    "",
    ...taken_back.length === 0 ? ["No tombstone was received."] : markdownTable([
      ["what", "reason", "tombstones, each subject once"],
      ...taken_back.map((row) => [row.subject_kind, row.reason, number(row.subjects)]),
    ]),
  ];
}

function runLines({ runs, damaged_runs }: MethodsFacts): string[] {
  const lost = damaged_runs === 0
    ? []
    : [`Damaged files of the ledger, whose runs are missing here: ${number(damaged_runs)}.`, ""];
  if (runs.length === 0) return lost;
  const all = (name: "code_versions" | "deno_versions" | "study_hashes") =>
    [...new Set(runs.flatMap((run) => run[name]))].map((one) =>
      one === null ? "not recorded" : `\`${one}\``
    )
      .join(", ");
  return [
    ...lost,
    ...markdownTable([
      [
        "task",
        "runs",
        "done",
        "failed or busy",
        "stopped early",
        "no end recorded",
        "first",
        "last",
      ],
      ...runs.map((run) => [
        run.task,
        ...[run.runs, run.done, run.failed, run.stopped, run.without_end].map(number),
        minute(run.first),
        minute(run.last),
      ]),
    ]),
    "",
    `Code (commits): ${all("code_versions")}. Deno: ${all("deno_versions")}. ` +
    `Versions of \`study.yaml\` (hashes): ${all("study_hashes")}.`,
  ];
}
