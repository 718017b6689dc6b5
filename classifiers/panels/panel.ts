import {
  type PanelManifest,
  readPanelManifest,
  writePanelManifest,
} from "../../etl/labels/panel.ts";
import { now, utcDay } from "../../etl/run/clock.ts";
import { type Command, type Context, type Outcome } from "../../etl/command/command.ts";
import { EXIT, UserError } from "../../etl/run/error.ts";
import { positiveInteger } from "../../etl/run/option.ts";
import { firstDamage } from "../../etl/store/damage.ts";
import { rows } from "../../etl/store/duckdb.ts";
import { lock } from "../../etl/store/lock.ts";
import { relation, writeParquet } from "../../etl/store/parquet.ts";
import { removeLeftovers } from "../../etl/store/whole_file.ts";
import { LABEL_SETS } from "../../etl/store/tables.ts";
import { ATTRIBUTES } from "../clients/comment_analyzer_attributes.ts";
import {
  allot,
  CLASSIFIER,
  drawPanel,
  makeFrame,
  PANEL,
  readStrata,
  servedAttributes,
  STRATA,
  STRATIFIER,
} from "./panel_draw.ts";

/** The task `panel`, which draws and freezes a panel. */
export const command: Command = {
  task: "panel",
  description:
    "Freeze a random sample of scored posts, to link another scorer to Perspective later.\n\n" +
    "The panel is drawn from the posts that classify:perspective scored: equally many from each tenth by\n" +
    "prob_toxic, with weights that undo the draw. It lies in data/panels/NAME and never changes, except\n" +
    "that deleted posts leave it. The name is the seed of the draw.",
  options: [
    { flags: "--size <n>", description: "posts in the panel", parse: panelSize },
    {
      flags: "--name <name>",
      description: `folder and seed of the panel (default: ${CLASSIFIER}-<today>)`,
      parse: panelName,
    },
    {
      flags: "--allow-missing",
      description: "draw even if no post has a score of some attribute",
    },
  ],
  examples: ["deno task panel --size 2000", "deno task panel --size 2000 --name before-the-end"],
  run: panel,
};

interface Options {
  size?: number;
  name?: string;
  allowMissing?: boolean;
}

async function panel(context: Context, options: Options): Promise<Outcome> {
  const { paths, database, warn } = context;
  const { size, name = `${CLASSIFIER}-${utcDay(now())}` } = options;
  if (size === undefined) {
    throw cannot("no size is named", "Say how many posts, as in deno task panel --size 2000", true);
  }
  // Deletions take this lock: none may happen between reading and freezing posts.
  await using _lock = await lock(paths.locks(), "posts", "run panel");
  if (readPanelManifest(paths, name) !== undefined) {
    throw cannot(
      `there is a panel ${name} already, and a panel is never drawn twice`,
      "Give the new one another name with --name",
      true,
    );
  }
  const { labelSet, days, labels } = await source(context);
  const attributes = await servedAttributes(database, labels, labelSet.label_set_id);
  const attributes_missing = Object.values(ATTRIBUTES).filter((name) => !attributes.includes(name));
  if (attributes_missing.length > 0 && !options.allowMissing) {
    throw cannot(
      `no post of the label set ${labelSet.label_set_id} has ${attributes_missing.join(", ")}`,
      "Find out why with deno task classify:perspective: a panel is never drawn twice, and it links no " +
        "scorer of a missing attribute. If the service no longer has it, draw with --allow-missing",
    );
  }
  const frame = await makeFrame(database, paths, days, labelSet.label_set_id, attributes);
  if (frame.eligible === 0) {
    throw cannot(
      `no post of the label set ${labelSet.label_set_id} has every score and a label_prob`,
      "Label some posts with deno task classify:perspective, then run the task again",
    );
  }
  const strata = await readStrata(database);
  const parts = allot(size, strata);
  const drawn = strata.map((stratum, index) => ({
    ...stratum,
    drawn: parts[index]!,
    left: parts[index]!,
  }));
  const posts = parts.reduce((sum, part) => sum + part, 0);
  await drawPanel(database, paths, labelSet.label_set_id, name, drawn);
  const path = paths.panelPosts(name);
  await Deno.mkdir(paths.panel(name), { recursive: true });
  await removeLeftovers(path);
  await writeParquet(database, PANEL, "SELECT * FROM panel ORDER BY stratum, uri", path);
  const manifest: Omit<PanelManifest, "files"> = {
    name,
    drawn_at: now().toISOString(),
    classifier: CLASSIFIER,
    label_set: labelSet,
    seed: name,
    stratified_by: STRATIFIER,
    attributes,
    attributes_missing,
    posts_asked: size,
    posts_drawn: posts,
    posts_left: posts,
    frame,
    strata: drawn,
  };
  await writePanelManifest(paths, manifest);
  if (posts < size) {
    warn(`the panel has ${posts} posts instead of ${size}: no more have every score`);
  }
  if (attributes_missing.length > 0) {
    warn(`no post has ${attributes_missing.join(", ")}: the panel cannot link a scorer of that`);
  }
  const summary = { panel: paths.panel(name), ...manifest };
  return { summary, text: describe(manifest, paths.panel(name)) };
}

/** The frame of a panel: the shown label set, and the days that have labels and posts. */
async function source({ paths, database }: Context) {
  const none = () =>
    cannot(
      "no post is labelled by Perspective yet",
      "Run deno task classify:perspective first; --dry-run shows what it would do",
    );
  const postDays = new Map(paths.files("posts").map(({ day, path }) => [day!, path]));
  const labels = paths.files(`labels/${CLASSIFIER}`).filter(({ day }) => postDays.has(day!));
  const setFiles = paths.files("label_sets").map(({ path }) => path)
    .filter((path) => path === paths.labelSets(CLASSIFIER));
  if (labels.length === 0 || setFiles.length === 0) throw none();
  const files = labels.flatMap(({ day, path }) => [path, postDays.get(day!)!]);
  const damaged = await firstDamage(database, [...setFiles, ...files], "draw a panel");
  if (damaged) throw damaged;
  const [labelSet] = await rows<{ label_set_id: string } & Record<string, unknown>>(
    database,
    `SELECT label_set_id, classifier_version, model, parameters
     FROM ${relation(LABEL_SETS, setFiles)} WHERE is_shown`,
  );
  if (labelSet === undefined) throw none();
  return { labelSet, days: labels.map(({ day }) => day!), labels: labels.map(({ path }) => path) };
}

function cannot(found: string, remedy: string, isUsage = false): UserError {
  return new UserError("draw a panel", found, remedy, {
    exitCode: isUsage ? EXIT.usage : EXIT.failed,
  });
}

function panelSize(text: string): number {
  const size = positiveInteger(text);
  if (size < STRATA) throw new RangeError(`is less than ${STRATA}, one post per stratum`);
  return size;
}

function panelName(text: string): string {
  if (/^[a-z0-9][a-z0-9_-]{0,63}$/.test(text)) return text;
  throw new RangeError(
    "is not a name of lower-case letters, digits, - and _ such as before-the-end",
  );
}

function describe(manifest: Omit<PanelManifest, "files">, folder: string): string {
  const { posts_drawn, posts_asked, frame, strata, attributes, label_set, name } = manifest;
  const number = (value: number) => value.toLocaleString("en");
  const lacking = Object.entries(frame.lacking).map(([column, posts]) => `${column} ${posts}`);
  return [
    `Froze the panel ${name}: ${number(posts_drawn)} posts` +
    (posts_drawn < posts_asked ? ` of the ${number(posts_asked)} asked for` : "") +
    ` with ${attributes.length} scores each`,
    `  drawn from ${number(frame.eligible)} posts of the label set ${label_set.label_set_id}`,
    `  not drawn: ${number(frame.lacking_an_attribute)} that lack a score` +
    (lacking.length > 0 ? ` (${lacking.join(", ")})` : "") +
    `, ${number(frame.without_label_prob)} without label_prob`,
    `  strata by ${manifest.stratified_by}: ` +
    strata.map(({ drawn, size }) => `${drawn}/${number(size)}`).join(" "),
    `  ${folder}`,
  ].join("\n");
}
