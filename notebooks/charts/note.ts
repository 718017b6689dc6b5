import { factsLine, type FigureFacts } from "../measures/figure_facts.ts";
import { printable } from "./html.ts";

/** A short text in Markdown. */
export class Note {
  constructor(readonly markdown: string, readonly plain: string) {}
}

/** Write a note in Markdown: md`**${n}** posts`. Values stand as they are, whatever they contain. */
export function md(text: TemplateStringsArray, ...values: unknown[]): Note {
  const escaped = values.map((value) =>
    printable(String(value)).replace(/\s+/g, " ")
      .replace(/[^\p{L}\p{N} ]/gu, (c) => `&#${c.codePointAt(0)};`)
  );
  return new Note(String.raw({ raw: text }, ...escaped), String.raw({ raw: text }, ...values));
}

/** Say why there is no chart: nothing was collected, nothing is labelled, or every label failed. */
export function nothingToDraw(title: string, figure: FigureFacts): Note {
  const failed = figure.failures?.n_failed ?? 0;
  const facts = { ...figure, also: undefined, failures: failed > 0 ? figure.failures : undefined };
  if (failed > 0) {
    return md`**${title}: no post could be labelled.** Labelling failed for all ${failed} of them;
\`deno task status\` counts the reasons. ${factsLine(facts)}`;
  }
  return md`**${title}: there are no labels yet.** \`deno task status\` says which posts wait for
which classifier. ${factsLine(facts)}`;
}
