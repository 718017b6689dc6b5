import { readJson } from "../../etl/store/json.ts";
import { z } from "zod";
import { ServiceError } from "../../etl/answers/service_error.ts";

/**
 * The form of a reply about one post, as one zod schema.
 *
 * `fields` are checked and named as the model is told; `toRow` gives the label columns, or undefined
 * where the fields contradict each other.
 */
export interface ReplyFormat<Fields extends z.ZodRawShape = z.ZodRawShape> {
  /** Name of the schema in the request. */
  name: string;
  fields: z.ZodObject<Fields>;
  toRow(fields: z.output<z.ZodObject<Fields>>): LabelRow | undefined;
}

/** The label columns that a reply becomes, by name. */
export type LabelRow = Record<string, unknown>;

/**
 * Give `response_format` of a request: a strict JSON schema, in the terms that Groq's strict mode takes.
 *
 * Every field is required, no object takes others, and there are no bounds: those are checked here.
 */
export function responseFormat(format: ReplyFormat, isPacked: boolean): unknown {
  const schema = isPacked
    ? z.strictObject({ posts: z.array(z.strictObject({ id: z.string(), ...format.fields.shape })) })
    : format.fields;
  const { $schema: _, ...json } = z.toJSONSchema(schema, { io: "input" });
  return { type: "json_schema", json_schema: { name: format.name, strict: true, schema: json } };
}

/**
 * Read the reply to one post as label columns.
 *
 * Throws a `ServiceError` (`invalid_answer`) where it does not fit the schema.
 */
export function readReply(format: ReplyFormat, content: string): LabelRow {
  const checked = format.fields.safeParse(readJson(content));
  const row = checked.success ? format.toRow(checked.data) : undefined;
  if (row !== undefined) return row;
  throw new ServiceError("passing", "invalid_answer", "the reply does not fit the schema");
}
