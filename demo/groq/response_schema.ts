/** The rules of `response_format: json_schema` (https://console.groq.com/docs/structured-outputs). */
import { GroqError } from "./groq_reply.ts";
import type { ServedModel } from "./served_model.ts";

/** A JSON schema, or a part of one. */
export type JsonSchema = Record<string, unknown>;

/** How an answer of the demo's Groq is to be written. */
export type ResponseFormat =
  | { type: "text" | "json_object" }
  | { type: "json_schema"; json_schema: SchemaFormat };
interface SchemaFormat {
  name: string;
  description?: string;
  strict?: boolean | null;
  schema?: JsonSchema;
}

const UNSUPPORTED = [
  "minItems",
  "maxItems",
  "uniqueItems",
  "minLength",
  "maxLength",
  "patternProperties",
  "unevaluatedProperties",
  "oneOf",
  "allOf",
  "not",
  "if",
];

/** Throw the 400 of a model that takes no such format, or of a schema that is not strict. */
export function checkSchema(format: SchemaFormat, model: ServedModel): void {
  if (model.schema === "none" || (format.strict === true && model.schema !== "strict")) {
    const what = model.schema === "none" ? "`json_schema`" : "`json_schema` with `strict: true`";
    throw new GroqError(
      400,
      `This model does not support response format ${what}. See supported models at ` +
        "https://console.groq.com/docs/structured-outputs#supported-models",
      { param: "response_format" },
    );
  }
  if (!/^[\w-]{1,64}$/.test(format.name)) throw invalid(format, "/name", "not a name");
  if (format.schema === undefined) throw invalid(format, "/schema", "a schema is required");
  if (format.strict !== true) return;
  if (format.schema.type !== "object") throw invalid(format, "/type", "the root must be an object");
  checkPart(format, format.schema, "");
}

function checkPart(format: SchemaFormat, part: JsonSchema, path: string): void {
  const unsupported = UNSUPPORTED.find((keyword) => Object.hasOwn(part, keyword));
  if (unsupported !== undefined) throw invalid(format, path, `${unsupported} is not supported`);
  if (part.properties !== undefined || part.type === "object") {
    if (part.additionalProperties !== false) {
      throw invalid(format, path, "`additionalProperties:false` must be set on every object");
    }
    const names = Object.keys(part.properties ?? {});
    const required = Array.isArray(part.required) ? part.required : [];
    const missing = names.filter((name) => !required.includes(name));
    if (missing.length > 0) {
      throw invalid(
        format,
        `${path}/required`,
        "`required` is required to be supplied and to be an array including every key in " +
          `properties. The following properties must be listed in \`required\`: ${
            missing.join(", ")
          }`,
      );
    }
  }
  for (const [key, inner] of parts(part)) checkPart(format, inner, `${path}/${key}`);
}

/** Give the schemas inside a schema, with where they stand in it. */
function parts(part: JsonSchema): [string, JsonSchema][] {
  const found: [string, unknown][] = [["items", part.items]];
  for (const key of ["properties", "$defs", "anyOf"]) {
    const inner = part[key];
    if (typeof inner !== "object" || inner === null) continue;
    for (const [name, value] of Object.entries(inner)) found.push([`${key}/${name}`, value]);
  }
  return found.filter((pair): pair is [string, JsonSchema] =>
    typeof pair[1] === "object" && pair[1] !== null
  );
}

function invalid({ name }: SchemaFormat, path: string, what: string): GroqError {
  const place = path === "" ? "" : ` ${path}:`;
  return new GroqError(
    400,
    `invalid JSON schema for response_format: '${name}':${place} ${what}`,
    { param: "response_format" },
  );
}
