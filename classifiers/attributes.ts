import { chatCommand, chatSettings } from "./chat/chat_task.ts";
import { Questionnaire } from "./chat/questionnaire.ts";

const read = (path: string) => Questionnaire.attributes(path);

/** Read the section `attributes` of the study, and its codebook. */
export const readSettings = chatSettings(read);

/** The task `classify:attributes`. */
export const command = chatCommand({
  name: "attributes",
  version: "1",
  description:
    "Ask a language model how toxic, respectful, reasoned … posts are: a score from 0 to 1 each.\n\n" +
    "It reads each post with its context, by the definitions of a codebook, and goes on after Perspective\n" +
    "ends. Its columns are score_*, never prob_*: they are not Perspective's probabilities. Needs\n" +
    "GROQ_API_KEY, or GROQ_BASE_URL for a server of your own; --dry-run shows the cost.",
  examples: [
    "deno task classify:attributes --dry-run",
    "deno task classify:attributes --limit 1000 --max-cost 1",
  ],
  read,
});
