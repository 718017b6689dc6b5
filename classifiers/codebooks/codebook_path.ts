import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";

/** The name of a codebook: of a file of `classifiers/codebooks/` without `.yaml`, or the path of one's own. */
export const CodebookName = z.string().regex(
  /^[\w-]+$|\.yaml$/,
  "is neither a codebook's name nor a .yaml file",
);

/** Give the path of a codebook: of a shipped one by its name, of one's own as seen from the study. */
export function codebookPath(name: string, studyPath: string): string {
  return name.endsWith(".yaml")
    ? resolve(dirname(studyPath), name)
    : fileURLToPath(new URL(`${name}.yaml`, import.meta.url));
}
