import { ifThereSync } from "./if_there.ts";
import { basename, join, relative } from "node:path";
import { replacedPaths, replacementFile } from "./replacement.ts";

/** Tables of which a copy beside a file would count its rows twice. */
const NAMED =
  /^(raw|coverage|runs|posts|aggregates|labels|replicates|windows|label_sets|anchors)(\/|$)/;
const DAY = "date=\\d{4}-\\d\\d-\\d\\d";
/** Parts and runs have many names, none with the spaces and brackets that programs give to copies. */
const PART = "(?![^/]*\\.sync-conflict-)[\\w.:-]+";
/** The paths of those files below the root. */
const NAMES = new RegExp(
  `^(?:(?:raw/[^/]+|coverage|runs)/${DAY}/${PART}|(posts|aggregates)/${DAY}/\\1|(labels|replicates)/[^/]+/${DAY}/\\2|windows/${DAY}/\\w+|` +
    "(?:label_sets|anchors)/\\w+)\\.parquet$",
);

/** Where everything lies under one data folder; of the rest, `places.ts` alone knows these paths. */
export class DataPaths {
  constructor(readonly root: string) {}

  /** Immutable parts of what a source brought; `day` is the UTC day we saw it. */
  rawPart(source: string, day: string, part: string): string {
    return join(this.root, "raw", source, `date=${day}`, `${part}.parquet`);
  }

  /** The one file of a day of posts. */
  posts(day: string): string {
    return join(this.root, "posts", `date=${day}`, "posts.parquet");
  }

  /** The one file of a day of a classifier's labels. */
  labels(classifier: string, day: string): string {
    return join(this.root, "labels", classifier, `date=${day}`, "labels.parquet");
  }

  /** The definitions of a classifier's label sets, and whether the views show them. */
  labelSets(classifier: string): string {
    return join(this.root, "label_sets", `${classifier}.parquet`);
  }

  /** The frozen files of a panel. */
  panel(name: string): string {
    return join(this.root, "panels", name);
  }

  panelPosts(name: string): string {
    return join(this.panel(name), "posts.parquet");
  }

  panelManifest(name: string): string {
    return join(this.panel(name), "manifest.json");
  }

  aggregates(day: string): string {
    return join(this.root, "aggregates", `date=${day}`, "aggregates.parquet");
  }

  coveragePart(day: string, part: string): string {
    return join(this.root, "coverage", `date=${day}`, `${part}.parquet`);
  }

  /** The windows of a source that open on a day. */
  windows(source: string, day: string): string {
    return join(this.root, "windows", `date=${day}`, `${source}.parquet`);
  }

  run(day: string, runId: string): string {
    return join(this.root, "runs", `date=${day}`, `${runId}.parquet`);
  }

  /** Segments of a label set's paid answers that are not in its labels yet. */
  answers(classifier: string, labelSetId: string): string {
    return join(this.root, "answers", classifier, labelSetId);
  }

  /** Segments of answers about anchors, which belong to no label. */
  replicateAnswers(classifier: string, labelSetId: string): string {
    return join(this.answers(classifier, labelSetId), "replicates");
  }

  /** The posts of a classifier that are asked about again and again. */
  anchors(classifier: string): string {
    return join(this.root, "anchors", `${classifier}.parquet`);
  }

  /** The one file of a classifier's answers about anchors on a day. */
  replicates(classifier: string, day: string): string {
    return join(this.root, "replicates", classifier, `date=${day}`, "replicates.parquet");
  }

  /** Batches of a label set that are under way. */
  batches(classifier: string, labelSetId: string): string {
    return join(this.root, "batches", classifier, labelSetId);
  }

  /** List the names of those segments. */
  segmentNames(classifier: string, labelSetId: string): string[] {
    return list(this.answers(classifier, labelSetId)).map((file) => basename(file.path))
      .filter((name) => name.endsWith(".jsonl"));
  }

  /** By which seed and settings the days of a label set were drawn. */
  drawnDays(classifier: string, labelSetId: string): string {
    return join(this.root, "samples", classifier, `${labelSetId}.json`);
  }

  /** Segments that are not Parquet yet. */
  journal(source: string): string {
    return join(this.root, "journal", source);
  }

  /** List the names of all segments that are not Parquet yet, whichever their source. */
  segments(): string[] {
    return list(join(this.root, "journal")).map((file) => basename(file.path))
      .filter((name) => name.endsWith(".jsonl")).map((name) => basename(name, ".jsonl"));
  }

  quarantine(source: string, day: string): string {
    return join(this.root, "quarantine", source, `date=${day}.jsonl`);
  }

  /** List the files of the quarantine. */
  quarantined(): string[] {
    return list(join(this.root, "quarantine")).map((file) => file.path)
      .filter((path) => path.endsWith(".jsonl"));
  }

  locks(): string {
    return join(this.root, "locks");
  }

  /** Each run's use of a service's daily quotas. */
  quotas(service: string): string {
    return join(this.root, "quotas", service);
  }

  /** Costs of a classifier's runs, one file per segment of answers. */
  spending(classifier: string): string {
    return join(this.root, "spending", classifier);
  }

  /** Output of `deno task render`. */
  reports(): string {
    return join(this.root, "reports");
  }

  /** Output of `deno task export`. */
  exports(): string {
    return join(this.root, "exports");
  }

  /** Output of tasks started by cron, one file per task and month. */
  logs(): string {
    return join(this.root, "logs");
  }

  /** A crontab as it was before `deno task schedule` changed it. */
  crontabBackup(stamp: string): string {
    return join(this.root, "crontabs", `${stamp}.crontab`);
  }

  /** Output of `deno task slurm` under a name. */
  slurm(name: string): string {
    return join(this.root, "slurm", name);
  }

  /** The key of the hashes of deleted posts and accounts; only its owner can read it. */
  hashKey(): string {
    return join(this.root, ".hash_key");
  }

  /** The place of the archive. */
  archive(): string {
    return join(this.root, "archive.json");
  }

  /** The progress of the last round of rechecks. */
  recheck(): string {
    return join(this.root, "recheck.json");
  }

  /** Incidents that people were told of and that are not mended yet. */
  incidents(): string {
    return join(this.root, "incidents.json");
  }

  /** Keeps room for noting incidents while the disk is full. */
  incidentsReserve(): string {
    return join(this.root, "incidents.reserve");
  }

  /** The notice on all output of this folder. */
  notice(): string {
    return join(this.root, "NOTICE.txt");
  }

  /** The tokens of the login at Bluesky; readable by its owner alone. */
  session(): string {
    return join(this.root, ".bluesky_session.json");
  }

  /**
   * List a table's Parquet files in the order of their names.
   *
   * `table` is a folder under the root such as `posts`, `raw/firehose` or `label_sets`. Strays are
   * left out.
   */
  files(table: string): PartitionFile[] {
    const found = this.#parquet(table);
    return NAMED.test(table) ? found.filter((file) => this.#isNamed(file)) : found;
  }

  /**
   * List the Parquet files in the folder of a table that are none of its own: copies that people or
   * programs for backups laid beside them, and those in a folder that is no day.
   */
  strays(table: string): string[] {
    if (!NAMED.test(table)) return [];
    return this.#parquet(table).filter((file) => !this.#isNamed(file)).map(({ path }) => path);
  }

  /** Is a file where a task writes it, and named so? */
  #isNamed({ path, day }: PartitionFile): boolean {
    return NAMES.test(relative(this.root, path).replaceAll("\\", "/")) &&
      (day === undefined || !Number.isNaN(Date.parse(day)));
  }

  #parquet(table: string): PartitionFile[] {
    // A switch meanwhile would be listed half before and half after.
    for (let before = this.#compaction();;) {
      const found = list(join(this.root, table)).filter((file) => file.path.endsWith(".parquet"));
      const paths = new Set(found.map(({ path }) => path));
      const replaced = replacedPaths(this.root, (path) => paths.has(path));
      const after = this.#compaction(paths);
      if (before === after) return found.filter(({ path }) => !replaced.has(path));
      before = after;
    }
  }

  /** The state of the last compaction; during a switch also the existing files. */
  #compaction(files: Set<string> = new Set()): string {
    const { id, state } = replacementFile(this.root).read() ?? {};
    return JSON.stringify([id, state, ...state === "switching" ? files : []]);
  }

  /** List every file under the root, whatever it is. */
  everyFile(): PartitionFile[] {
    return list(this.root);
  }

  /** List the paths of a table's Parquet files of a day. */
  filesOfDay(table: string, day: string): string[] {
    return this.files(table).filter((file) => file.day === day).map(({ path }) => path);
  }

  /** List the strays of all tables that have some. */
  allStrays(): string[] {
    const classified = ["labels", "replicates"].flatMap((folder) =>
      this.names(folder).map((name) => `${folder}/${name}`)
    );
    const tables = ["posts", ...classified, "aggregates", "windows", "label_sets", "anchors"];
    return [...tables, "raw", "coverage", "runs"].flatMap((table) => this.strays(table));
  }

  /** List what lies directly under a folder of the root, in order: the sources, the classifiers. */
  names(folder: string): string[] {
    try {
      return [...Deno.readDirSync(join(this.root, folder))]
        .filter((entry) => isFolder(entry, join(this.root, folder, entry.name)))
        .map((entry) => entry.name).sort();
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return [];
      throw error;
    }
  }
}

/** A file of a table. */
export interface PartitionFile {
  path: string;
  /** The UTC day of the hive partition, undefined for tables without one. */
  day: string | undefined;
}

function list(folder: string, day?: string): PartitionFile[] {
  const entries = ifThereSync(() => [...Deno.readDirSync(folder)]) ?? [];
  entries.sort((a, b) => a.name < b.name ? -1 : 1);
  return entries.flatMap((entry) => {
    const path = join(folder, entry.name);
    if (!isFolder(entry, path)) return [{ path, day }];
    return list(path, /^date=(\d{4}-\d\d-\d\d)$/.exec(entry.name)?.[1] ?? day);
  });
}

/** Folders that were moved to another disk and linked count too. */
function isFolder(entry: Deno.DirEntry, path: string): boolean {
  return entry.isDirectory || entry.isSymlink && Deno.statSync(path).isDirectory;
}
