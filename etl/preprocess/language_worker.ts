/** A thread that detects languages: texts with their keys come in, languages with their keys go out. */
import { parentPort } from "node:worker_threads";
import { detectLanguage } from "./language.ts";

/** Key and text. */
export type Texts = [number, string][];
/** Key, ISO 639-1 code, score. */
export type Languages = [number, string | null, number | null][];

parentPort!.on("message", (texts: Texts) => {
  const languages: Languages = texts.map(([key, text]) => {
    const { language, score } = detectLanguage(text);
    return [key, language, score];
  });
  parentPort!.postMessage(languages);
});
