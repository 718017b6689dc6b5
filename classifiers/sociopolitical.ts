import { chatCommand, chatSettings } from "./chat/chat_task.ts";
import { Questionnaire } from "./chat/questionnaire.ts";

const read = (path: string) => Questionnaire.sociopolitical(path);

/** Read the section `sociopolitical` of the study, and its codebook. */
export const readSettings = chatSettings(read);

/** The task `classify:sociopolitical`. */
export const command = chatCommand({
  name: "sociopolitical",
  version: "1",
  description:
    "Ask a language model whether posts are about politics or social issues, and which lean they argue for.\n\n" +
    "It reads each post with its context (what the post replies to, quotes, links to and shows), by the\n" +
    "definitions of a codebook. Needs GROQ_API_KEY, or GROQ_BASE_URL for a server of your own. study.yaml\n" +
    "sets model, sample, speed and budget; --dry-run shows the cost. You can stop it at any time: answers\n" +
    "are kept, and the labelled posts are a random sample.",
  examples: [
    "deno task classify:sociopolitical --dry-run",
    "deno task classify:sociopolitical --limit 1000 --max-cost 1",
    "deno task classify:sociopolitical --since 2026-06-01 --until 2026-06-07 --posts-per-request 10",
  ],
  read,
});
