import { fileURLToPath } from "node:url";

/** `study.yaml` as it comes with civicsky: the one beside `deno.json` is the user's to edit. */
export const SHIPPED_STUDY = fileURLToPath(new URL("fixtures/study.yaml", import.meta.url));
