import { chatCommand, chatSettings } from "./chat/chat_task.ts";
import { Questionnaire } from "./prompt/questionnaire.ts";

const read = (path: string) => Questionnaire.sociopolitical(path);

export const readSettings = chatSettings(read);

export const command = chatCommand({
  name: "sociopolitical",
  version: "1",
  description:
    "Ask a language model whether posts are about politics or social issues, and which lean they argue for.\n\n" +
    "It reads each post with what it replies to, quotes, links to and shows, by the definitions of a\n" +
    "codebook. Needs GROQ_API_KEY, or GROQ_BASE_URL of a server of your own. Model, posts, speed and budget\n" +
    "stand in study.yaml; --dry-run says what it costs. Stop it at any time: answers are kept, and what is\n" +
    "done is a random sample.",
  examples: [
    "deno task classify:sociopolitical --dry-run",
    "deno task classify:sociopolitical --limit 1000 --max-cost 1",
    "deno task classify:sociopolitical --since 2026-06-01 --until 2026-06-07 --posts-per-request 10",
  ],
  read,
});
