/** The checks of `comments.analyze`, and its errors, as Perspective's API has them. */
import type { IncomingMessage } from "node:http";
import { z } from "zod";
import { ATTRIBUTES, MAX_BYTES } from "../../classifiers/clients/comment_analyzer_attributes.ts";

/** Languages of the six attributes that are served in more than English. */
const LANGUAGES = "ar zh cs nl en fr de hi hi-Latn id it ja ko pl pt ru es sv".split(" ");
const MULTILINGUAL = "TOXICITY SEVERE_TOXICITY IDENTITY_ATTACK INSULT PROFANITY THREAT".split(" ");

/** Unknown fields are refused: the service's parser of JSON does so. */
const Request = z.strictObject({
  comment: z.strictObject({
    text: z.string().optional(),
    type: z.enum(["PLAIN_TEXT", "TEXT_TYPE_UNSPECIFIED"]).optional(),
  }).optional(),
  languages: z.array(z.string()).optional(),
  requestedAttributes: z.record(
    z.string(),
    z.strictObject({ scoreType: z.literal("PROBABILITY").optional() }),
  ).optional(),
  doNotStore: z.boolean().optional(),
  dropUnsupportedAttributes: z.boolean().optional(),
  clientToken: z.string().optional(),
});

/** A request that the demo's Comment Analyzer understood. */
export interface Analysis {
  text: string;
  languages: string[];
  /** Those that are served in all of the languages. */
  attributes: string[];
  clientToken: string | undefined;
}

/** An answer of the demo's Comment Analyzer that is an error; a text body is a page. */
export class Refusal extends Error {
  retryAfter: number | undefined;

  constructor(readonly status: number, readonly body: unknown) {
    super(`HTTP ${status}`);
  }
}

/** Make a refusal in the form of Google's APIs (https://google.aip.dev/193). */
export function refuse(
  code: number,
  status: string,
  message: string,
  ...details: Record<string, unknown>[]
): Refusal {
  const error = { code, message, status, ...(details.length > 0 && { details }) };
  return new Refusal(code, { error });
}

/** Read the body of a request to the demo's Comment Analyzer; throws the `Refusal` of the real service. */
export function readAnalysis({ headers }: IncomingMessage, body: string): Analysis {
  const request = Request.safeParse(parse(headers["content-type"], body)).data;
  if (request === undefined) throw invalidPayload();
  const { comment, requestedAttributes, clientToken } = request;
  const text = comment?.text ?? "";
  if (!text.isWellFormed()) throw invalidPayload();
  // This one's own rule: a study must not leave its posts with the service.
  if (!request.doNotStore) throw analysisError("INVALID_REQUEST", "doNotStore is wanted here");
  if (text.trim() === "") throw analysisError("COMMENT_EMPTY", "Comment must be non-empty.");
  const bytes = new TextEncoder().encode(text).length;
  if (bytes > MAX_BYTES) {
    throw analysisError(
      "COMMENT_TOO_LONG",
      `Comment text was too many bytes. Value (${bytes}) exceeded limit (${MAX_BYTES}).`,
    );
  }
  const wanted = Object.keys(requestedAttributes ?? {});
  if (wanted.length === 0) {
    throw analysisError("NO_REQUESTED_ATTRIBUTES", "Missing requested_attributes");
  }
  const unknown = wanted.find((attribute) => !Object.hasOwn(ATTRIBUTES, attribute));
  if (unknown !== undefined) {
    throw analysisError("INVALID_REQUEST", `Unknown requested attribute: ${unknown}`);
  }
  const languages = request.languages ?? [];
  // The real one looks at the text; this one knows no language.
  if (languages.length === 0) {
    throw analysisError("LANGUAGE_DETECTION_FAILED", "Unable to detect language");
  }
  const attributes = wanted.filter((attribute) => isServed(attribute, languages));
  const missing = wanted.find((attribute) => !attributes.includes(attribute));
  if (missing !== undefined && !request.dropUnsupportedAttributes) {
    throw analysisError(
      "LANGUAGE_NOT_SUPPORTED_BY_ATTRIBUTE",
      `Attribute ${missing} does not support request languages: ${languages.join(", ")}`,
      {
        languageNotSupportedByAttributeError: { detectedLanguages: languages, attribute: missing },
      },
    );
  }
  if (attributes.length === 0) {
    throw analysisError("NO_REQUESTED_ATTRIBUTES", "No attribute supports the languages");
  }
  return { text, languages, attributes, clientToken };
}

function isServed(attribute: string, languages: string[]): boolean {
  const served = MULTILINGUAL.includes(attribute) ? LANGUAGES : ["en"];
  return languages.every((language) => served.includes(language));
}

function parse(contentType: string | undefined, body: string): unknown {
  if (!/^application\/json\b/.test(contentType ?? "")) throw invalidPayload();
  try {
    return JSON.parse(body);
  } catch (error) {
    if (error instanceof SyntaxError) throw invalidPayload();
    throw error;
  }
}

function invalidPayload(): Refusal {
  return refuse(400, "INVALID_ARGUMENT", "Invalid JSON payload received.", {
    "@type": "type.googleapis.com/google.rpc.BadRequest",
    fieldViolations: [],
  });
}

function analysisError(errorType: string, message: string, more = {}): Refusal {
  return refuse(400, "INVALID_ARGUMENT", message, {
    "@type": "type.googleapis.com/google.commentanalyzer.v1alpha1.Error",
    errorType,
    ...more,
  });
}
