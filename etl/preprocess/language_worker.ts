/** A thread that detects languages: texts with their keys come in, languages with their keys go out. */
import { parentPort } from "node:worker_threads";
import { languagesOf, type Texts } from "./language.ts";

parentPort!.on("message", (texts: Texts) => parentPort!.postMessage(languagesOf(texts)));
