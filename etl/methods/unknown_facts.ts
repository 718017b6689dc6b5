import { VERSION_1_NUMBERS_NOTHING } from "../coverage/coverage.ts";
import type { MethodsFacts } from "./methods_facts.ts";

/** Give sentences on facts that a data statement cannot know, for its readers. */
export function unknowns(
  { sources, label_sets, recheck, runs, posts }: MethodsFacts,
): string[] {
  const number = (value: number) => value.toLocaleString("en");
  const streams = sources.flatMap(({ source, stream }) => stream ? [{ source, ...stream }] : []);
  return [
    ...streams.filter(({ hours_asked }) => hours_asked === null).map(({ source }) =>
      `The hours of ${source} were not laid down beforehand: it is unknown whether they are like ` +
      "other hours."
    ),
    ...streams.filter(({ window_probs }) => window_probs.includes(null)).map(({ source }) =>
      `Hours of ${source} were chosen by a person, not drawn: results for them do not extend to ` +
      "other hours."
    ),
    ...streams.filter(({ skipped }) => skipped > 0).map(({ source, skipped }) =>
      `Hosts of ${source} left out ${
        number(skipped)
      } sequence numbers; the number of posts among them is ` +
      "unknown."
    ),
    ...streams.filter(({ set_aside }) => set_aside > 0).map(({ source, set_aside }) =>
      `${
        number(set_aside)
      } messages of ${source} could not be read and were set aside; the number of ` +
      "posts among them is unknown."
    ),
    ...streams.filter(({ version_1_hosts }) => version_1_hosts.length > 0).map((stream) =>
      `Of ${stream.source}, ${stream.version_1_hosts.join(", ")} ${VERSION_1_NUMBERS_NOTHING}.`
    ),
    ...sources.some(({ source }) => source === "most_liked")
      ? [
        "Only its maker knows how the most-liked feed chooses its posts; it is not a probability " +
        "sample.",
      ]
      : [],
    ...sources.some(({ source }) => source === "import")
      ? ["The choice of the imported posts and deletions before the import are not recorded."]
      : [],
    ...posts.filter_configs.length > 1
      ? ["Days of posts were flagged under different filter configurations; run preprocess again."]
      : [],
    ...label_sets.flatMap(({ classifier, label_set_id, strata }) => {
      const unsampled = strata.reduce((sum, row) => sum + row.unsampled, 0);
      return unsampled === 0 ? [] : [
        `${
          number(unsampled)
        } labels of ${classifier} (${label_set_id}) have no known probability of being ` +
        "drawn and stand only for themselves.",
      ];
    }),
    ...recheck.completed_at === null
      ? ["The number of posts deleted while no stream was read is unknown."]
      : [],
    ...runs.some(({ code_versions }) => code_versions.includes(null))
      ? ["Some runs do not record their version of the code."]
      : [],
    "Changes to the code after the commit that a run names are not recorded.",
    "Posts that authors or hosts removed before they could be received are unknown.",
  ];
}
