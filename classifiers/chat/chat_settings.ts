import { z } from "zod";
import { CodebookName } from "../codebooks/codebook_path.ts";
import {
  AnchorSettings,
  LabellingSettings,
  TimeoutSeconds,
} from "../../etl/study/labelling_settings.ts";

/** The section of the study for a classifier that asks a language model. */
export const ChatSettings = z.strictObject({
  codebook: CodebookName,
  /** Identifier of the model, as `GET /models` gives it. */
  model: z.string().min(1),
  /** For models that reason; left out for others. */
  reasoning_effort: z.enum(["low", "medium", "high"]).optional(),
  temperature: z.number().min(0).max(2).default(0),
  seed: z.int().default(1),
  /** Most tokens of a post's context; 0 shows none. */
  context_tokens: z.int().min(0).default(400),
  /** Cap of an answer about one post, with reasoning; doubled after an answer that was cut short. */
  completion_tokens: z.int().min(64).default(512),
  /** Time-out of the server's silence. */
  timeout_seconds: TimeoutSeconds.default(60),
  /** Without anchors nothing shows whether the model's labels drift. */
  anchors: AnchorSettings.optional(),
  ...LabellingSettings,
});
/** The settings, as the section has them. */
export type ChatSettings = z.infer<typeof ChatSettings>;
