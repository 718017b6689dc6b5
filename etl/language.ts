import { eld } from "eld/small";
import type { Database } from "./store/duckdb.ts";

/**
 * Detect the language of every distinct `bare_text` of a table.
 *
 * Makes the temporary table `languages` (bare_text, detected_language, detected_language_score):
 * ISO 639-1 code and the detector's score from 0 to 1; both null where there is nothing to detect.
 */
export async function detectLanguages(
  database: Database,
  table: string,
  onProgress: (done: number) => void,
): Promise<void> {
  await database.run(`CREATE OR REPLACE TEMP TABLE languages
    (bare_text VARCHAR, detected_language VARCHAR, detected_language_score DOUBLE)`);
  const result = await database.stream(`SELECT DISTINCT bare_text FROM ${table}`);
  const appender = await database.createAppender("languages");
  let done = 0;
  for await (const rows of result.yieldRows()) {
    for (const [text] of rows) {
      const { language, score } = detectLanguage(String(text));
      appender.appendVarchar(String(text));
      if (language === null) appender.appendNull();
      else appender.appendVarchar(language);
      if (score === null) appender.appendNull();
      else appender.appendDouble(score);
      appender.endRow();
    }
    done += rows.length;
    onProgress(done);
  }
  appender.closeSync();
}

/** Detect the language of a text; links, handles and hashtags should be gone already. */
export function detectLanguage(text: string): { language: string | null; score: number | null } {
  if (!/\p{L}/u.test(text)) return { language: null, score: null };
  const result = eld.detect(text);
  const score = result.getScores()[result.language];
  if (!result.language || score === undefined) return { language: null, score: null };
  return { language: result.language, score };
}
