import { basename } from "node:path";
import { z } from "zod";
import { ifThere } from "../store/if_there.ts";
import { StateFile } from "../store/state_file.ts";
import { sha256OfFile } from "../store/whole_file.ts";
import { firstDamage } from "../store/damage.ts";
import { type Database, rows } from "../store/duckdb.ts";
import { relation } from "../store/parquet.ts";
import type { DataPaths } from "../store/paths.ts";
import type { Table } from "../store/tables.ts";

/** The files of panels on disk: frozen posts, before the scores that they had; one file a panel. */
export const PANELS: Table = {
  folder: "panels/*",
  version: 1,
  columns: {
    date: "DATE",
    uri: "VARCHAR",
    cid: "VARCHAR",
    did: "VARCHAR",
    reference_time: "TIMESTAMP",
    created_at: "TIMESTAMP",
    text: "VARCHAR",
    text_hash: "VARCHAR",
    detected_language: "VARCHAR",
    passed_filters: "BOOLEAN",
    in_most_liked: "BOOLEAN",
    label_set_id: "VARCHAR",
    label_timestamp: "TIMESTAMP",
    label_prob: "DOUBLE",
    stratum: "INTEGER",
    weight: "DOUBLE",
  },
};

const count = z.int().min(0);
const Manifest = z.strictObject({
  name: z.string(),
  drawn_at: z.iso.datetime(),
  classifier: z.string(),
  label_set: z.record(z.string(), z.unknown()),
  /** The same seed and labels draw the same panel. */
  seed: z.string(),
  stratified_by: z.string(),
  /** Columns of scores that every post of the panel has. */
  attributes: z.array(z.string()),
  /** Attributes that no post of the label set has a score of. */
  attributes_missing: z.array(z.string()),
  posts_asked: count,
  posts_drawn: count,
  /** Posts that their authors have not deleted since. */
  posts_left: count,
  /** Labelled posts that could be drawn, and those that could not. */
  frame: z.strictObject({
    eligible: count,
    without_label_prob: count,
    lacking_an_attribute: count,
    lacking: z.record(z.string(), count),
  }),
  strata: z.array(z.strictObject({
    stratum: z.int(),
    lowest: z.number(),
    highest: z.number(),
    size: count,
    drawn: count,
    left: count,
  })),
  /** sha256 of the files, by name. */
  files: z.record(z.string(), z.string()),
});

/** The description of a panel, in `manifest.json` beside its posts. */
export type PanelManifest = z.infer<typeof Manifest>;

function manifestFile(paths: DataPaths, name: string): StateFile<PanelManifest> {
  return new StateFile(paths.panelManifest(name), Manifest, {
    found: "it is not the manifest of a panel",
    remedy: "Restore it from a copy, or remove the panel's folder",
  });
}

/** Read the manifest of a panel, undefined where it has none: then it was never finished. */
export function readPanelManifest(paths: DataPaths, name: string): PanelManifest | undefined {
  return manifestFile(paths, name).read();
}

/** Write the manifest of a panel on disk, with the hash of its posts; the panel is frozen once it stands. */
export async function writePanelManifest(
  paths: DataPaths,
  manifest: Omit<PanelManifest, "files">,
): Promise<void> {
  const posts = paths.panelPosts(manifest.name);
  const hash = await ifThere(() => sha256OfFile(posts));
  const files = hash === undefined ? {} : { [basename(posts)]: hash };
  await manifestFile(paths, manifest.name).write({ ...manifest, files });
}

/**
 * Update the number of remaining posts in the manifest of a panel on disk.
 *
 * It counts the rows of the file, so that the next run makes up for a killed one.
 */
export async function recountPanel(
  database: Database,
  paths: DataPaths,
  name: string,
): Promise<void> {
  const manifest = readPanelManifest(paths, name);
  if (manifest === undefined) return;
  const posts = paths.panelPosts(name);
  const files = paths.files(`panels/${name}`).map(({ path }) => path)
    .filter((path) => path === posts);
  const damaged = await firstDamage(database, files, `count the posts of the panel ${name}`);
  if (damaged) throw damaged;
  const found = await rows<{ stratum: number; left: number }>(
    database,
    `SELECT stratum, count(text) AS left FROM ${relation(PANELS, files)} GROUP BY ALL`,
  );
  const left = new Map(found.map((row) => [row.stratum, row.left]));
  const strata = manifest.strata.map((row) => ({ ...row, left: left.get(row.stratum) ?? 0 }));
  if (strata.every((row, index) => row.left === manifest.strata[index]!.left)) return;
  const posts_left = strata.reduce((sum, row) => sum + row.left, 0);
  await writePanelManifest(paths, { ...manifest, strata, posts_left });
}
