import type { HourState, WeekStrip } from "./week_strip.ts";

/** Blocks on terminals that have them, and letters elsewhere. */
const SIGNS: Record<"blocks" | "ascii", Record<HourState, string>> = {
  blocks: { whole: "█", partly: "▒", open: "░", unasked: "·", to_come: " " },
  ascii: { whole: "#", partly: "+", open: "-", unasked: ".", to_come: " " },
};
const WORDS: Partial<Record<HourState, string>> = {
  whole: "collected",
  partly: "in part",
  open: "not collected",
  unasked: "not asked for",
};
const HOURS = "0     6     12    18    ";
const WEEKDAYS = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
/** Sources that stand side by side on a line of a hundred columns. */
const ABREAST = 3;

/** Draw the strips of the last week of sources side by side, an hour a sign, as lines; none without sources. */
export function describeStrips(strips: WeekStrip[], hasBlocks: boolean): string[] {
  const signs = SIGNS[hasBlocks ? "blocks" : "ascii"];
  const lines: string[] = [];
  for (let first = 0; first < strips.length; first += ABREAST) {
    const group = strips.slice(first, first + ABREAST);
    lines.push(
      line("hours (UTC)", group.map(({ source }) => source)),
      line("", group.map(() => HOURS)),
      ...group[0]!.days.map(({ day }, index) =>
        line(
          `${WEEKDAYS[new Date(day).getUTCDay()]} ${day.slice(5)}`,
          group.map(({ days }) => days[index]!.hours.map((state) => signs[state]).join("")),
        )
      ),
    );
  }
  return lines;
}

/** Explain the signs of such strips in one line. */
export function stripLegend(hasBlocks: boolean): string {
  const signs = SIGNS[hasBlocks ? "blocks" : "ascii"];
  const words = Object.entries(WORDS).map(([state, word]) =>
    `${signs[state as HourState]} ${word}`
  );
  return line("", [words.join("   ")]);
}

function line(head: string, cells: string[]): string {
  return `${head.padEnd(13)}${cells.map((cell) => cell.padEnd(24)).join("  ")}`.trimEnd();
}
