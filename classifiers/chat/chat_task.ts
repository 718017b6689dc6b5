import { resolve } from "node:path";
import { labelFiles } from "../../etl/labels/label_file.ts";
import { labelSetId } from "../../etl/labels/label_set.ts";
import { PostContexts } from "../../etl/context/post_context.ts";
import type { OpenBatch } from "../../etl/batches/open_batch.ts";
import type { Command, Context } from "../../etl/command/command.ts";
import { variable } from "../../etl/run/environment.ts";
import { EXIT, UserError } from "../../etl/run/error.ts";
import { positiveInteger, urlVariable } from "../../etl/run/option.ts";
import { checkSection } from "../../etl/study/section.ts";
import { openAppView } from "../../etl/atproto/study_appview.ts";
import { firstDamage } from "../../etl/store/damage.ts";
import { literal, row } from "../../etl/store/duckdb.ts";
import { relation } from "../../etl/store/parquet.ts";
import { LABELS, withColumns } from "../../etl/store/tables.ts";
import { labelBatches } from "../batch/batch_run.ts";
import { FolderCarrier } from "../batch/folder_carrier.ts";
import { ServerCarrier } from "../batch/server_carrier.ts";
import { Groq } from "../clients/groq.ts";
import { isGroq } from "../clients/groq_address.ts";
import { GroqBatch } from "../clients/groq_batch.ts";
import { priceOf, requirePrice } from "./model_price.ts";
import { codebookPath } from "../codebooks/codebook_path.ts";
import {
  labellingCommand,
  type LabellingOptions,
  type OpenedTask,
} from "../engine/labelling_command.ts";
import type { Questionnaire } from "./questionnaire.ts";
import { CHAT_COLUMNS } from "../reply/reply_columns.ts";
import { loadTokens } from "../prompt/token_count.ts";
import { chatClassifier } from "./chat_classifier.ts";
import { ChatSettings } from "./chat_settings.ts";
import { checkServedModel } from "./model_check.ts";

/** A server reads a whole file before it answers: that takes longer than an answer. */
const FILE_PATIENCE = 5;

/** The definition of a task that asks a language model. */
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

interface ChatOptions extends LabellingOptions {
  postsPerRequest?: number;
  batch?: boolean;
  batchFiles?: string;
}

/** Declare the task of a classifier that asks a language model. */
export function chatCommand(chat: ChatTask): Command {
  return labellingCommand({
    task: `classify:${chat.name}`,
    description: chat.description,
    examples: chat.examples,
    options: [{
      flags: "--posts-per-request <n>",
      description: "ask about n posts at once: cheaper, and a label set of its own",
      parse: positiveInteger,
    }, {
      flags: "--batch",
      description:
        "use Groq's Batch API at half the price: send, exit with 4, run again later to land the answers",
    }, {
      flags: "--batch-files <dir>",
      description: "like --batch, with the files in a folder, for vllm run-batch on a cluster",
      parse: folder,
    }],
    open: (context, options) => open(chat, context, options),
  });
}

/** Give the reader of a study's section and its codebook, as the task uses it. */
export function chatSettings(read: ChatTask["read"]) {
  return async (section: unknown, where: string, studyPath: string): Promise<ChatSettings> => {
    const settings = checkSection(ChatSettings, section, where);
    await read(codebookPath(settings.codebook, studyPath));
    return settings;
  };
}

async function open(
  chat: ChatTask,
  context: Context,
  { dryRun, maxCost, postsPerRequest = 1, batch, batchFiles }: ChatOptions,
): Promise<OpenedTask> {
  const task = `classify:${chat.name}`;
  const where = `${context.studyPath} (classifiers.${chat.name})`;
  const settings = readSettings(chat, context, where);
  const { model } = settings;
  const questionnaire = await chat.read(codebookPath(settings.codebook, context.studyPath));
  await loadTokens();
  const baseUrl = urlVariable("GROQ_BASE_URL", "https:", "http:");
  const key = variable("GROQ_API_KEY");
  const isKeyless = baseUrl !== undefined && !isGroq(baseUrl);
  const isAnswered = key !== undefined || isKeyless;
  if (!isAnswered && !dryRun && batchFiles === undefined) throw missingKey(task);
  const address = {
    key,
    ...baseUrl ? { baseUrl } : {},
    timeoutMs: settings.timeout_seconds * 1000,
  };
  const groq = isAnswered ? new Groq(address) : undefined;
  const fileTimeoutMs = FILE_PATIENCE * address.timeoutMs;
  const isBatch = batch === true || batchFiles !== undefined;
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
    // Files are answered on the user's own machine: the one of the address, if it names one.
    server: isKeyless ? new URL(baseUrl).hostname : batchFiles ? "batch-files" : undefined,
    price,
    isBatch,
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
    check: async () => {
      if (batchFiles !== undefined) return;
      await checkServedModel(groq!, {
        model,
        prices,
        task,
        where,
        isOwn: isKeyless,
        warn: context.warn,
        signal: context.signal,
      });
    },
    ...isBatch
      ? {
        labelBatches(run) {
          const carrier = batchFiles === undefined
            ? new ServerCarrier(task, new GroqBatch({ ...address, timeoutMs: fileTimeoutMs }))
            : new FolderCarrier(batchFiles);
          const commands = (open: OpenBatch[]) =>
            carrier instanceof FolderCarrier ? carrier.commands(open) : [];
          return labelBatches(run, { classifier, model, carrier, commands });
        },
      }
      : {},
  };
}

/** Read the name of a folder; a missing folder is made. */
function folder(text: string): string {
  if (text.trim() === "") throw new RangeError("names no folder");
  return resolve(text);
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
