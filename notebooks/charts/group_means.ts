import { from } from "arquero";
import { Chart, type Panel, type Tip } from "./chart.ts";
import {
  countsByAttribute,
  factsLine,
  type FigureFacts,
  titleOf,
  withoutIntervals,
} from "../measures/figure_facts.ts";
import { escape } from "./html.ts";
import { legend, seriesColor } from "./legend.ts";
import { NOT_POLITICAL } from "../measures/measure.ts";
import { md, type Note, nothingToDraw } from "./note.ts";
import { formatNumber } from "../measures/number_format.ts";

/** What a chart of means draws: the weighted mean of an attribute over a group of posts. */
export interface AttributeMean {
  group: string;
  column: string;
  mean: number;
  /** Labelled posts that have the attribute. */
  n: number;
}

/** What a chart of means by group shows. */
export interface GroupMeansOptions {
  title: string;
  /** Each is a panel with its attributes, such as “Bridging”; attributes without posts are left out. */
  sections: { name: string; attributes: string[] }[];
  means: AttributeMean[];
  /** Groups in order; those that have no posts are left out. */
  groups: string[];
  facts: FigureFacts;
  /** Who labelled the posts of the means too, such as “the language model”. */
  both?: string;
}

const ROW = 24;
const AXIS = 22;
/** Groups are told apart without colours too. */
const SHAPES = [
  (x: number, y: number) => `<circle cx="${x}" cy="${y}" r="5"`,
  (x: number, y: number) => `<path d="M${x},${y - 6}l6,10.5h-12z"`,
  (x: number, y: number) => `<path d="M${x - 4.5},${y - 4.5}h9v9h-9z"`,
  (x: number, y: number) => `<path d="M${x},${y - 6.5}l6.5,6.5l-6.5,6.5l-6.5,-6.5z"`,
  (x: number, y: number) => `<path d="M${x},${y + 6}l-6,-10.5h12z"`,
];

/**
 * Draw the means of groups beside each other, a line an attribute, from 0 to a round number above
 * the highest.
 */
export function groupMeans(options: GroupMeansOptions): Chart | Note {
  const { facts, sections } = options;
  const attributes = sections.flatMap(({ attributes }) => attributes);
  const means = options.means.filter(({ group, column }) =>
    options.groups.includes(group) && attributes.includes(words(column))
  );
  if (facts.n === 0) return nothingToDraw(options.title, facts);
  if (means.length === 0) {
    const lack = options.both ? `is labelled by ${options.both} too` : "has these attributes";
    return md`**${options.title}: no scored post ${lack},** so there is nothing to draw.`;
  }
  const groups = options.groups.filter((name) => means.some(({ group }) => group === name));
  const highest = Math.ceil(10 * Math.max(...means.map(({ mean }) => mean))) / 10 || 1;
  const size = (group: string) =>
    Math.max(...means.filter((one) => one.group === group).map(({ n }) => n));
  const told = options.both
    ? {
      ...facts,
      n: groups.reduce((sum, group) => sum + size(group), 0),
      also: `Of them ${groups.map((group) => `${group} ${formatNumber(size(group))}`).join(", ")}.`,
      denominator: `${facts.denominator} and that ${options.both} labelled too`,
      failures: undefined,
    }
    : {
      ...facts,
      n: Math.max(...groups.map(size)),
      groups: facts.groups?.map(({ name, facts }) => ({
        name,
        facts: { ...facts, n: groups.includes(name) ? size(name) : 0 },
      })),
      also: countsByAttribute(means),
    };
  return new Chart({
    title: titleOf(options.title, facts),
    subtitle: "Weighted means of values from 0 to 1.",
    caption: [factsLine(withoutIntervals(told)), withoutScores(attributes, means)].join(" "),
    alt: sections.map(({ name, attributes }) =>
      `${name}: ${
        attributes.flatMap((attribute) => {
          const found = means.filter(({ column }) => words(column) === attribute);
          if (found.length === 0) return [];
          return [
            `${attribute} ${found.map((one) => `${one.group} ${digits(one.mean)}`).join(", ")}`,
          ];
        }).join("; ")
      }`
    ).join(". "),
    numbers: from(means.map(({ group, column, mean, n }) => ({
      attribute: words(column),
      posts: group,
      mean: mean.toFixed(3),
      n,
    }))),
    panels: (width) => [
      legend(
        groups.map((name, index) => ({
          name: `${mark(index)} ${name}, n = ${formatNumber(size(name))}`,
          color: colorOf(name, groups),
        })),
        width,
      ),
      ...sections.flatMap(({ name, attributes }) => {
        const rows = attributes.map((attribute) => ({
          attribute,
          means: means.filter(({ column }) => words(column) === attribute),
        })).filter(({ means }) => means.length > 0);
        return rows.length === 0 ? [] : [{ label: name, ...section(rows, groups, highest, width) }];
      }),
    ],
  });
}

/** An attribute that no post has is left out, and said to be. */
function withoutScores(attributes: string[], means: AttributeMean[]): string {
  const missing = attributes.filter((name) => !means.some(({ column }) => words(column) === name));
  return missing.length === 0 ? "" : `No post has a score of ${missing.join(", ")}.`;
}

function section(
  rows: { attribute: string; means: AttributeMean[] }[],
  groups: string[],
  highest: number,
  width: number,
): Panel {
  const left = width > 500 ? 130 : 112;
  const x = (value: number) => Math.round(left + 8 + value / highest * (width - left - 24));
  const parts: string[] = [];
  const tips: Tip[] = [];
  const bottom = rows.length * ROW;
  rows.forEach(({ attribute, means }, row) => {
    const y = row * ROW + ROW / 2;
    const values = means.map(({ mean }) => x(mean));
    parts.push(
      `<text x="${left - 4}" y="${y + 4}" font-size="12" text-anchor="end">${
        escape(attribute)
      }</text>`,
      `<path d="M${x(0)},${y}H${x(highest)}" stroke="var(--rule)"/>`,
      `<path d="M${Math.min(...values)},${y}H${Math.max(...values)}" stroke="var(--muted)"/>`,
    );
    tips.push({
      x: 0,
      y: row * ROW,
      width,
      height: ROW,
      text: [
        attribute,
        ...means.map(({ group, mean, n }) => `${group}: ${digits(mean)}, n = ${formatNumber(n)}`),
      ].join("\n"),
    });
  });
  groups.forEach((group, index) => {
    const shapes = rows.flatMap(({ means }, row) =>
      means.filter((one) => one.group === group)
        .map(({ mean }) => `${SHAPES[index % SHAPES.length]!(x(mean), row * ROW + ROW / 2)}/>`)
    );
    parts.push(
      `<g fill="${colorOf(group, groups)}" stroke="var(--paper)">${shapes.join("")}</g>`,
    );
  });
  for (const value of [0, highest / 2, highest]) {
    parts.push(
      `<text x="${x(value)}" y="${bottom + 15}" font-size="12" text-anchor="middle">${
        digits(value)
      }</text>`,
    );
  }
  return { svg: parts.join(""), height: bottom + AXIS, tips };
}

/** What is not political is grey, as in the chart of leans. */
function colorOf(group: string, groups: string[]): string {
  return seriesColor(group === NOT_POLITICAL ? Infinity : groups.indexOf(group));
}

/** The shape as a character, so that the legend names it. */
function mark(index: number): string {
  return ["●", "▲", "■", "◆", "▼"][index % SHAPES.length]!;
}

function digits(mean: number): string {
  return mean.toFixed(2);
}

function words(column: string): string {
  return column.replace(/^(prob|score)_/, "").replaceAll("_", " ");
}
