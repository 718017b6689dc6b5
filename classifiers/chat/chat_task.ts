import { labelFiles } from "../../etl/label_file.ts";
import { labelSetId } from "../../etl/label_set.ts";
import { PostContexts } from "../../etl/post_context.ts";
import type { Command, Context } from "../../etl/run/command.ts";
import { variable } from "../../etl/run/environment.ts";
import { EXIT, UserError } from "../../etl/run/error.ts";
import { positiveInteger, urlVariable } from "../../etl/run/option.ts";
import { checkSection } from "../../etl/run/study.ts";
import { openAppView } from "../../etl/study_appview.ts";
import { firstDamage } from "../../etl/store/damage.ts";
import { literal, row } from "../../etl/store/duckdb.ts";
import { relation } from "../../etl/store/parquet.ts";
import { LABELS, withColumns } from "../../etl/store/tables.ts";
import { Groq, type ServedModel } from "../clients/groq.ts";
import { isGroq } from "../clients/groq_address.ts";
import { checkModel, priceOf, requirePrice } from "../clients/model_price.ts";
import { codebookPath } from "../codebooks/codebook_path.ts";
import {
  labellingCommand,
  type LabellingOptions,
  type OpenedTask,
} from "../engine/labelling_command.ts";
import { ServiceError } from "../engine/service_error.ts";
import type { Questionnaire } from "../prompt/questionnaire.ts";
import { CHAT_COLUMNS } from "../reply/chat_answer.ts";
import { chatClassifier } from "./chat_classifier.ts";
import { ChatSettings } from "./chat_settings.ts";

/** What makes a task of a question to a language model. */
export interface ChatTask {
  /** Name of the classifier; the task is `classify:<name>`. */
  name: string;
  /** Raised when the same post begins to be asked about in another way. */
  version: string;
  description: string;
  examples: string[];
  /** Read what a codebook asks. */
  read(path: string): Promise<Questionnaire>;
}

/** How often it is asked what models there are, and the first pause between. */
const [TRIES, PAUSE_MS] = [4, 250];

interface ChatOptions extends LabellingOptions {
  postsPerRequest?: number;
}

/** Declare the task of a classifier that asks a language model. */
export function chatCommand(chat: ChatTask): Command {
  return labellingCommand({
    task: `classify:${chat.name}`,
    description: chat.description,
    examples: chat.examples,
    options: [{
      flags: "--posts-per-request <n>",
      description: "ask about n posts at once: cheaper, and another label set",
      parse: positiveInteger,
    }],
    open: (context, options) => open(chat, context, options),
  });
}

async function open(
  chat: ChatTask,
  context: Context,
  { dryRun, maxCost, postsPerRequest = 1 }: ChatOptions,
): Promise<OpenedTask> {
  const task = `classify:${chat.name}`;
  const where = `${context.studyPath} (classifiers.${chat.name})`;
  const settings = readSettings(chat, context, where);
  const { model } = settings;
  const questionnaire = await chat.read(codebookPath(settings.codebook, context.studyPath));
  const baseUrl = urlVariable("GROQ_BASE_URL", "https:", "http:");
  const key = variable("GROQ_API_KEY");
  const isKeyless = baseUrl !== undefined && !isGroq(baseUrl);
  if (key === undefined && !isKeyless && !dryRun) throw missingKey(task);
  const groq = key === undefined && !isKeyless ? undefined : new Groq({
    key,
    ...baseUrl ? { baseUrl } : {},
    timeoutMs: settings.timeout_seconds * 1000,
  });
  const isLimited = maxCost !== undefined || settings.budget !== undefined;
  const prices = context.study.prices;
  const price = isLimited
    ? requirePrice(prices, model, task, `${context.studyPath} (prices)`)
    : priceOf(prices, model);
  const options = {
    name: chat.name,
    version: chat.version,
    questionnaire,
    settings,
    postsPerRequest,
    groq,
    server: isKeyless ? new URL(baseUrl).hostname : undefined,
    price,
  };
  const { labelSet } = chatClassifier({ ...options, usualCompletion: undefined });
  const usualCompletion = await meanCompletion(context, chat.name, labelSetId(labelSet));
  const classifier = chatClassifier({ ...options, usualCompletion });
  return {
    classifier,
    settings,
    contexts: classifier.needsContext
      ? new PostContexts(context, dryRun ? undefined : openAppView(context))
      : undefined,
    check: async () =>
      checkModel(model, await servedModels(groq!, task), prices, { task, host: groq!.host, where }),
  };
}

function readSettings(chat: ChatTask, { study, studyPath }: Context, where: string): ChatSettings {
  const section = study.classifiers[chat.name];
  if (section !== undefined) return checkSection(ChatSettings, section, where);
  throw new UserError(
    `run classify:${chat.name}`,
    `${studyPath} has no section classifiers.${chat.name}`,
    "Add it as in the study.yaml of the repository",
    { exitCode: EXIT.usage },
  );
}

/** Ask for the models that a server has; throws a UserError where it does not say. */
async function servedModels(groq: Groq, task: string): Promise<ServedModel[]> {
  for (let tries = 1;; tries++) {
    try {
      return await groq.models();
    } catch (error) {
      if (!(error instanceof ServiceError)) throw error;
      if (error.problem !== "fatal" && tries < TRIES) {
        await new Promise((done) => setTimeout(done, error.retryAfterMs ?? PAUSE_MS * 2 ** tries));
        continue;
      }
      throw new UserError(
        `run ${task}`,
        error.message,
        "No post was asked about; run it again once that is mended",
        { cause: error },
      );
    }
  }
}

function missingKey(task: string): UserError {
  return new UserError(
    `run ${task}`,
    "GROQ_API_KEY is not set",
    "Add it to .env (see .env.example), or name a server of your own with GROQ_BASE_URL; " +
      "classify:dictionary needs neither",
    { exitCode: EXIT.usage },
  );
}

/** Give the mean of `tokens_completion` of the newest day that a label set has. */
async function meanCompletion(
  { database, paths }: Context,
  name: string,
  id: string,
): Promise<number | undefined> {
  const day = paths.files(`labels/${name}`).map((file) => file.day!).sort().at(-1);
  if (day === undefined) return undefined;
  const files = labelFiles(paths, name, day);
  // The survey says which file is damaged.
  if (await firstDamage(database, files, "estimate costs")) return undefined;
  const labels = relation(withColumns(LABELS, CHAT_COLUMNS), files);
  const { mean } = await row<{ mean: number | null }>(
    database,
    `SELECT avg(tokens_completion) AS mean FROM ${labels} WHERE label_set_id = ${literal(id)}`,
  );
  return mean ?? undefined;
}
