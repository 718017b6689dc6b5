import type { LabelledPosts } from "./analysed_posts.ts";
import type { FlowStage } from "./flow_diagram.ts";
import type { MethodsFacts } from "./methods_facts.ts";
import { number } from "./statement_text.ts";

/** Give the stages of the flow diagram, from received to labelled posts. */
export function flowStages({ sources, posts, label_sets }: MethodsFacts): FlowStage[] {
  const flagged = posts.posts - posts.passed_filters;
  return [
    {
      title: "Received",
      lines: sources.map(({ source, rows, stream }) =>
        stream
          ? `${source}: ${number(stream.posts_received)} posts and edits`
          : `${source}: ${number(rows)} rows, without later deletions`
      ),
      aside: {
        title: "Not kept",
        lines: ["deleted by authors or hosts, set aside as unreadable, or repeated"],
      },
    },
    {
      title: `${number(posts.posts)} posts`,
      lines: [
        posts.days.length > 0 ? `${posts.days[0]} to ${posts.days.at(-1)}, one row each` : "no day",
        ...Object.entries(posts.by_source).map(([source, n]) => `${source}: ${number(n)}`),
      ],
      aside: {
        title: `${number(flagged)} flagged by filters`,
        lines: Object.entries(posts.filters).filter(([, { flagged }]) => flagged > 0).map(
          ([name, { flagged, alone }]) => `${name}: ${number(flagged)} (alone ${number(alone)})`,
        ),
      },
    },
    { title: `${number(posts.passed_filters)} posts pass all filters`, lines: [] },
    ...label_sets.filter(({ is_shown }) => is_shown).map((set): FlowStage => {
      const { labelled, failed, posts } = totals(set, true);
      const reasons = set.failures.filter(({ passed }) => passed > 0)
        .map(({ reason, passed }) => `${reason}: ${number(passed)}`);
      return {
        title: `${number(labelled)} labelled by ${set.classifier}`,
        lines: [
          [set.model, set.codebook, `label set ${set.label_set_id}`].filter(Boolean).join(", "),
        ],
        aside: {
          title: `${number(posts - labelled)} not labelled`,
          lines: [`not drawn, or not yet: ${number(posts - labelled - failed)}`, ...reasons],
        },
        isBranch: true,
      };
    }),
  ];
}

function totals({ strata }: LabelledPosts, passed: boolean) {
  const own = strata.filter(({ passed_filters }) => passed_filters === passed);
  const sum = (name: "posts" | "labelled" | "failed") =>
    own.reduce((all, row) => all + row[name], 0);
  return { posts: sum("posts"), labelled: sum("labelled"), failed: sum("failed") };
}
