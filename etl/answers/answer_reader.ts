import { join } from "node:path";
import { type LabelReason, PASSING_REASONS } from "../labels/label_reason.ts";
import { segmentLines } from "../store/journal.ts";
import { toJson } from "../store/json.ts";
import type { DataPaths } from "../store/paths.ts";
import type { Answer } from "./answer_segment.ts";
import { ServiceError } from "./service_error.ts";
import type { StoredAnswer } from "./stored_answers.ts";

/** Reads the answers of a classifier. */
export interface AnswerReader {
  /**
   * Give the part of a reply to several posts about the post at a place, from 0, in a
   * form that `read` reads.
   *
   * For classifiers with several posts per request. Throws a `ServiceError` where the post is left out.
   */
  part?(reply: string, place: number): string;
  /** Read a raw answer about one post as label columns; throws a `ServiceError` where it cannot be read. */
  read(answer: string): Record<string, unknown>;
}

/** Give the part of a raw answer that is about one post, all of it where the post has no place in it. */
export function partOf(
  { part }: Pick<AnswerReader, "part">,
  answer: string,
  place: number | undefined,
): string {
  if (place === undefined) return answer;
  if (part === undefined) throw new Error("an answer about several posts of a classifier of one");
  return part(answer, place);
}

/** The paid answer about a post that was read, or the reason for none. */
export interface Answered {
  answer: string | null;
  reason: LabelReason | null;
}

/** Read a line of a segment; gives undefined where it is not an answer. */
export function parseAnswer(text: string): Answer | undefined {
  try {
    const line = JSON.parse(text) as Answer;
    const isWhole = typeof line.uri === "string" && typeof line.text_hash === "string" &&
      /^\d{4}-\d\d-\d\d$/.test(line.date) && !Number.isNaN(Date.parse(line.received_at)) &&
      (typeof line.answer === "string" || typeof line.reason === "string");
    return isWhole ? { ...line, received_at: new Date(line.received_at).toISOString() } : undefined;
  } catch {
    return undefined;
  }
}

/** A label of an answer, or why there is none. */
export interface ReadLabel {
  /** The answer about the post; null where there is none. */
  answer: string | null;
  /** The label columns as JSON. */
  columns: string | null;
  reason: string | null;
}

/** Read the label of an answer. */
export function labelOf(reader: AnswerReader, { answer, reason, place, about }: Answer): ReadLabel {
  if (answer === null || reason !== null) return { answer, columns: null, reason };
  let own: string | null = place === undefined ? answer : null;
  try {
    own = partOf(reader, answer, place);
    return { answer: own, columns: toJson({ ...about, ...reader.read(own) }), reason: null };
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
    return { answer: own, columns: null, reason: error.reason ?? "invalid_answer" };
  }
}

/** Give the stored answer to a request, for another post with the same request; undefined if unreadable. */
export function readStored(
  reader: AnswerReader,
  { answer: stored, place, reason }: StoredAnswer,
): Answered | undefined {
  if (stored === null) return { answer: null, reason: reason as LabelReason };
  try {
    const answer = partOf(reader, stored, place);
    reader.read(answer);
    return { answer, reason: null };
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
    return error.problem === "rejected" ? { answer: null, reason: error.reason } : undefined;
  }
}

/**
 * Give the posts (`postKey`) whose answers a killed run left in segments of a label set. The next
 * run merges them before it asks. Changes no file, as a run may be under way.
 */
export async function waitingPosts(
  paths: DataPaths,
  classifier: string,
  labelSetId: string,
): Promise<Set<string>> {
  const waiting = new Set<string>();
  const folder = paths.answers(classifier, labelSetId);
  for (const name of paths.segmentNames(classifier, labelSetId)) {
    for await (const line of segmentLines(join(folder, name))) {
      const answer = parseAnswer(line);
      const isPassing = answer?.reason && PASSING_REASONS.includes(answer.reason);
      if (answer && !isPassing) waiting.add(postKey(answer));
    }
  }
  return waiting;
}

/** Give the key by which `waitingPosts` knows a version of a post. */
export function postKey({ uri, text_hash }: { uri: string; text_hash: string }): string {
  return `${uri} ${text_hash}`;
}
