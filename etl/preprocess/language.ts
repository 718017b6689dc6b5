import { eld } from "eld/small";

/** Texts whose languages are to be detected: key and text. */
export type Texts = [number, string][];
/** Languages that were detected: key, ISO 639-1 code, score. */
export type Languages = [number, string | null, number | null][];

/** The language of a text, as it was detected. */
export interface DetectedLanguage {
  /** ISO 639-1 code; null where there is nothing to detect. */
  language: string | null;
  /** The detector's, from 0 to 1. */
  score: number | null;
}

/** Detect the language of a text without links, handles and hashtags. */
export function detectLanguage(text: string): DetectedLanguage {
  if (!/\p{L}/u.test(text)) return { language: null, score: null };
  const result = eld.detect(text);
  const score = result.getScores()[result.language];
  if (!result.language || score === undefined) return { language: null, score: null };
  return { language: result.language, score };
}

/** Detect the languages of texts; each comes with the key of its text. */
export function languagesOf(texts: Texts): Languages {
  return texts.map(([key, text]) => {
    const { language, score } = detectLanguage(text);
    return [key, language, score];
  });
}
