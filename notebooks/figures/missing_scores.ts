import { factsLine, type FigureFacts } from "../measures/figure_facts.ts";
import { md, Note, nothingToDraw } from "../charts/note.ts";

/**
 * Say once for a page which attributes have no scores: all, or the one that is shown by day. `scored` are the columns that some post has. Gives undefined where there is nothing to say.
 */
export function missingScores(
  column: string,
  scored: string[],
  facts: FigureFacts,
): Note | undefined {
  if (scored.length === 0) {
    const rest = "The sections below only say what they would show.";
    if ((facts.failures?.n_failed ?? 0) > 0) {
      const { markdown, plain } = nothingToDraw("Scores of posts", { ...facts, n: 0 });
      return new Note(`${markdown} ${rest}`, `${plain} ${rest}`);
    }
    return md`**There are no scores yet.** ${rest} \`deno task status\` says which posts wait for which
classifier, and \`deno task import\` takes scores that you have. ${factsLine({ ...facts, n: 0 })}`;
  }
  if (scored.includes(column)) return undefined;
  return md`**No post has a score of “${
    words(column)
  }”**, so nothing is shown of it by day. There are scores of
${scored.map(words).join(", ")}: name one of them as \`attribute\`.`;
}

function words(column: string): string {
  return column.replace(/^(prob|score)_/, "").replaceAll("_", " ");
}
