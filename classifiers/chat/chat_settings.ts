import { z } from "zod";
import { CodebookName } from "../codebooks/codebook_path.ts";
import {
  AnchorSettings,
  LabellingSettings,
  TimeoutSeconds,
} from "../../etl/sampling/labelling_settings.ts";

/** What a study says of a classifier that asks a language model. */
export const ChatSettings = z.strictObject({
  codebook: CodebookName,
  /** Identifier of the model, as `GET /models` gives it. */
  model: z.string().min(1),
  /** Of models that reason; left out for others. */
  reasoning_effort: z.enum(["low", "medium", "high"]).optional(),
  temperature: z.number().min(0).max(2).default(0),
  seed: z.int().default(1),
  /** Bounds what is shown of the context of a post; 0 shows none. */
  context_tokens: z.int().min(0).default(400),
  /** The cap of an answer about one post, its reasoning included; doubled where it cuts one short. */
  completion_tokens: z.int().min(64).default(512),
  /** How long the server may be silent. */
  timeout_seconds: TimeoutSeconds.default(60),
  /** Without them nothing tells whether the model says today what it said at first. */
  anchors: AnchorSettings.optional(),
  ...LabellingSettings,
});
export type ChatSettings = z.infer<typeof ChatSettings>;
