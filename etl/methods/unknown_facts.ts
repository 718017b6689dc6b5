import type { MethodsFacts } from "./methods_facts.ts";

/** Give sentences on what a data statement cannot say, and the reader should know. */
export function unknowns(
  { sources, label_sets, recheck, runs, posts }: MethodsFacts,
): string[] {
  const number = (value: number) => value.toLocaleString("en");
  const streams = sources.flatMap(({ source, stream }) => stream ? [{ source, ...stream }] : []);
  return [
    ...streams.filter(({ hours_asked }) => hours_asked === null).map(({ source }) =>
      `Nobody laid down beforehand which hours of ${source} were to be collected: whether they are ` +
      "like others is not known."
    ),
    ...streams.filter(({ window_probs }) => window_probs.includes(null)).map(({ source }) =>
      `Hours of ${source} were chosen by a person, not drawn: what is said of them is not said of ` +
      "other hours."
    ),
    ...streams.filter(({ skipped }) => skipped > 0).map(({ source, skipped }) =>
      `Hosts of ${source} left out ${
        number(skipped)
      } sequence numbers; how many of them were posts is ` +
      "not known."
    ),
    ...sources.some(({ source }) => source === "most_liked")
      ? [
        "How the most-liked feed chooses its posts is known to its maker alone; it is no probability " +
        "sample.",
      ]
      : [],
    ...sources.some(({ source }) => source === "import")
      ? ["How the imported posts were chosen, and whether any was deleted before, is not recorded."]
      : [],
    ...posts.filter_configs.length > 1
      ? ["Days of posts were flagged under different filter configurations; run preprocess again."]
      : [],
    ...label_sets.flatMap(({ classifier, label_set_id, strata }) => {
      const unsampled = strata.reduce((sum, row) => sum + row.unsampled, 0);
      return unsampled === 0 ? [] : [
        `${
          number(unsampled)
        } labels of ${classifier} (${label_set_id}) do not say how likely their ` +
        "posts were to be drawn, and stand for nothing but themselves.",
      ];
    }),
    ...recheck.completed_at === null
      ? ["How many of the posts were deleted while nobody listened is not known."]
      : [],
    ...runs.some(({ code_versions }) => code_versions.includes(null))
      ? ["Some runs do not say which version of the code they were."]
      : [],
    "Whether the code was changed after the commit that a run names is not recorded.",
    "Which posts were removed before they could be received, by authors or hosts, nobody can know.",
  ];
}
