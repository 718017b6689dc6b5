import type { CollectedStream } from "./collected_source.ts";
import type { MethodsFacts } from "./methods_facts.ts";
import type { Span } from "../coverage/span.ts";
import { hours, minute, number, percent } from "./statement_text.ts";
import { markdownTable } from "../export/markdown_table.ts";

/** Number of gaps that are listed; all are counted. */
const NAMED_GAPS = 10;

/** Give the lines of a data statement about collection. */
export function collectionLines({ sources, feeds }: MethodsFacts): string[] {
  const streams = sources.flatMap(({ source, stream }) => stream ? [{ source, ...stream }] : []);
  return [
    ...markdownTable([
      ["source", "hosts", "rows kept", "posts kept", "first seen", "last seen"],
      ...sources.map((source) => [
        source.source,
        source.hosts.join(", "),
        number(source.rows),
        number(source.posts),
        source.first_seen ? minute(source.first_seen) : "",
        source.last_seen ? minute(source.last_seen) : "",
      ]),
    ]),
    "",
    ...sources.some(({ source }) => source === "most_liked")
      ? [`The feeds of \`study.yaml\` today: ${feeds.join(", ")}.`, ""]
      : [],
    ...streams.length === 0 ? [] : [
      ...markdownTable([
        [
          "stream",
          "hours asked",
          "hours collected",
          "share",
          "gaps",
          "events",
          "posts received",
          "events left out by hosts",
          "messages set aside",
          "reconnects",
        ],
        ...streams.map((stream) => [
          stream.source,
          hours(stream.hours_asked),
          hours(stream.hours_collected),
          stream.hours_asked === null ? "–" : percent(stream.hours_collected, stream.hours_asked),
          number(stream.gaps.length),
          number(stream.events),
          number(stream.posts_received),
          number(stream.skipped),
          number(stream.set_aside),
          number(stream.reconnects),
        ]),
      ]),
      "",
      "Hours are in event time. They count as collected where the stream was read without a gap, from " +
      "any host. Asked hours are those of the windows that were laid and have passed.",
      "",
    ],
    ...streams.flatMap(streamLines),
  ];
}

function streamLines(
  { source, settings, window_probs, gaps }: CollectedStream & { source: string },
) {
  const drawn = window_probs.filter((prob) => prob !== null && prob < 1);
  const windows = settings.length === 0
    ? "had no windows: it was collected by hand"
    : `had the windows ${settings.map((setting) => `\`${setting}\``).join(", then ")}` +
      (drawn.length > 0 ? `; an hour was drawn with probability ${drawn.join(", ")}` : "");
  const named = gaps.slice(0, NAMED_GAPS).map(gapText).join("; ");
  const rest = gaps.length > NAMED_GAPS ? `; and ${gaps.length - NAMED_GAPS} shorter ones` : "";
  return [`- ${source} ${windows}. Gaps: ${named || "none"}${rest}.`];
}

function gapText({ from, until }: Span): string {
  const minutes = (until.getTime() - from.getTime()) / 60_000;
  return `${minute(from)} to ${minute(until)} (${number(Math.round(minutes * 100) / 100)} minutes)`;
}
