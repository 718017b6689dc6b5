import { readJson } from "../../etl/store/json.ts";
import { z } from "zod";
import { ServiceError } from "../engine/contract/service_error.ts";

/**
 * What a reply says of one post, as one zod schema.
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

/** Label columns by name. */
export type LabelRow = Record<string, unknown>;

/** What a reply to several posts gives. */
export interface PackedReply {
  /** Label columns by the id of the post. */
  rows: Map<string, LabelRow>;
  /** Ids that were asked for and have no row: ask again. */
  missing: string[];
  /** How many entries were not believed, and why. */
  rejected: { unknown_id: number; repeated_id: number; invalid: number };
}

/**
 * Give `response_format` of a request: a strict JSON schema, in the terms that Groq's strict mode takes.
 *
 * Every field is required, no object takes others, and no bound stands in it: those are checked here.
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
 * Throws a `ServiceError` (`invalid_answer`) where it is not what the schema says.
 */
export function readReply(format: ReplyFormat, content: string): LabelRow {
  const checked = format.fields.safeParse(readJson(content));
  const row = checked.success ? format.toRow(checked.data) : undefined;
  if (row === undefined) throw invalid("the reply does not fit the schema");
  return row;
}

/**
 * Read the reply to several posts, by id and never by place.
 *
 * An entry with an id that was not asked for is rejected, so are all entries of an id that comes twice,
 * and the rest is kept. Throws a `ServiceError` (`invalid_answer`) where there is no list of entries.
 */
export function readPackedReply(
  format: ReplyFormat,
  ids: readonly string[],
  content: string,
): PackedReply {
  const list = Packed.safeParse(readJson(content));
  if (!list.success) throw invalid("the reply holds no list of posts");
  const Entry = z.strictObject({ id: z.string(), ...format.fields.shape });
  const rows = new Map<string, LabelRow>();
  const rejected = { unknown_id: 0, repeated_id: 0, invalid: 0 };
  const named = Map.groupBy(list.data.posts, (entry) => Named.safeParse(entry).data?.id);
  for (const [id, entries] of named) {
    if (id === undefined) rejected.invalid += entries.length;
    else if (!ids.includes(id)) rejected.unknown_id += entries.length;
    else if (entries.length > 1) rejected.repeated_id += entries.length;
    else {
      const checked = Entry.safeParse(entries[0]);
      const row = checked.success ? format.toRow(checked.data) : undefined;
      if (row === undefined) rejected.invalid++;
      else rows.set(id, row);
    }
  }
  return { rows, missing: ids.filter((id) => !rows.has(id)), rejected };
}

const Packed = z.strictObject({ posts: z.array(z.unknown()) });
const Named = z.looseObject({ id: z.string() });

function invalid(message: string): ServiceError {
  return new ServiceError("passing", "invalid_answer", message);
}
