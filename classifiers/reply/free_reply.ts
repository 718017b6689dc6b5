/**
 * Reads replies without an enforced schema, such as those of older models, as labels or as a reason.
 *
 * The rules, in this order; none of them guesses.
 * 1. The reply holds one JSON object or more, however badly written (`loose_json.ts`), or lines
 *    `key: value` alone. Without any, a reply that declines is `refused`, any other `invalid_answer`:
 *    prose is not interpreted.
 * 2. Keys are known by a list. Others are left alone, but a key that is itself a lean label and is not
 *    null, false or empty contradicts what `lean` says.
 * 3. Values are known by a list (`civic`, `not civic`, `yes`, true …) and by the labels and synonyms of
 *    the codebook, without regard to case, hyphens and quotes. Any other value makes the reply
 *    `invalid_answer`; so do lists of more than one. A value that repeats the form (`<two values, …>`)
 *    says nothing.
 * 4. Everything that is said twice must be the same, in one object and over all of them.
 * 5. The reply must say whether the post is sociopolitical; nothing follows from a lean alone. If it
 *    is, the reply needs a lean; if not, it has none or the undecided one.
 * 6. A reply that breaks off counts if it is complete before that; else it is `cut_short`.
 */
import type { LabelReason } from "../../etl/labels/label_reason.ts";
import { plainLabel } from "../codebooks/folded_text.ts";
import type { Sociopolitical } from "../codebooks/sociopolitical_codebook.ts";
import { isObject, type LooseObject, type LooseValue, readLooseObjects } from "./loose_json.ts";
import { isRefusal } from "./refusal.ts";
import type { LabelRow } from "./reply_format.ts";
import { sociopoliticalRow } from "./sociopolitical_reply.ts";

const TOPIC_KEYS = ["is sociopolitical", "sociopolitical", "civic", "is civic"];
const LEAN_KEYS = ["lean", "political lean", "political leaning", "political ideology", "ideology"];
const REASON_KEY = /^(?:reason|reasons|explanation|justification)\b/;
const YES = ["true", "yes", "civic", "sociopolitical"];
const NO = ["false", "no", "not civic", "non civic", "noncivic", "not sociopolitical"];
const NONE = ["", "null", "none", "n/a", "not applicable"];
/** No reply to one post is longer, in UTF-16 units. */
const LONGEST = 20_000;

/** Thrown where a rule is broken; never leaves this file. */
class Unreadable extends Error {}

/** Read a free-form reply to one post as label columns, or say why it gives none. */
export function readFreeReply(
  section: Sociopolitical,
  reply: string,
): { row: LabelRow } | { reason: LabelReason } {
  if (reply.length > LONGEST) return { reason: "invalid_answer" };
  const objects = readLooseObjects(reply);
  if (objects.length === 0) objects.push(...keyedLines(reply));
  if (objects.length === 0) return { reason: isRefusal(reply) ? "refused" : "invalid_answer" };
  try {
    const said = new Said(section);
    for (const object of objects) said.take(object);
    const { topic, lean, reasons } = said;
    if (topic === undefined || topic && lean === undefined) {
      return { reason: said.isWhole ? "invalid_answer" : "cut_short" };
    }
    const row = sociopoliticalRow(section, {
      is_sociopolitical: topic,
      lean: lean ?? null,
      reason: reasons.join(" "),
    });
    return row === undefined ? { reason: "invalid_answer" } : { row };
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error;
    return { reason: "invalid_answer" };
  }
}

/** The combined content of a reply's objects. */
class Said {
  topic: boolean | undefined;
  /** Null where the reply says that there is none. */
  lean: string | null | undefined;
  readonly reasons: string[] = [];
  isWhole = true;
  readonly #labels: Map<string, string>;

  constructor(section: Sociopolitical) {
    this.#labels = new Map(
      Object.entries(section.lean).flatMap(([label, { synonyms }]) =>
        [label, ...synonyms].map((name) => [plainLabel(name), label] as const)
      ),
    );
  }

  take({ entries, isWhole }: LooseObject): void {
    this.isWhole &&= isWhole;
    for (const [written, found] of entries) {
      const key = plainLabel(written);
      const value = Array.isArray(found) && found.length === 1 ? found[0]! : found;
      if (isForm(value)) continue;
      if (TOPIC_KEYS.includes(key)) this.topic = same(this.topic, topicOf(value));
      else if (LEAN_KEYS.includes(key)) this.lean = same(this.lean, this.#leanOf(value));
      else if (this.#labels.has(key)) this.#takeLabelAsKey(value);
      else if (REASON_KEY.test(key) && typeof value === "string") this.reasons.push(value.trim());
      else if (isObject(value)) this.take(value);
    }
  }

  #leanOf(value: LooseValue): string | null {
    if (value === null) return null;
    const plain = typeof value === "string" ? plainLabel(value) : undefined;
    const label = plain === undefined ? undefined : this.#labels.get(plain);
    if (label !== undefined) return label;
    if (plain !== undefined && NONE.includes(plain)) return null;
    throw new Unreadable();
  }

  #takeLabelAsKey(value: LooseValue): void {
    const isNothing = typeof value === "string" ? NONE.includes(plainLabel(value)) : !value;
    if (!isNothing) throw new Unreadable();
  }
}

function topicOf(value: LooseValue): boolean {
  if (typeof value === "boolean") return value;
  const plain = typeof value === "string" ? plainLabel(value) : "";
  if (YES.includes(plain)) return true;
  if (NO.includes(plain)) return false;
  throw new Unreadable();
}

/** Give a repeated value; throws where the repetitions differ. */
function same<T>(before: T | undefined, value: T): T {
  if (before !== undefined && before !== value) throw new Unreadable();
  return value;
}

/** Does a value repeat what the form of the reply has in its place? */
function isForm(value: LooseValue): boolean {
  return typeof value === "string" && /^\s*<[^]*>\s*$/.test(value);
}

/** Read lines `key: value` as an object, where a reply has no braces. */
function keyedLines(reply: string): LooseObject[] {
  // No blank can belong to two parts, or to two lines: a run of many would take its square.
  const line = /^[\p{Zs}\t\uFEFF*>-]*["'“`]?([\p{L}_](?:[\w -]*[\w-])?)[\p{Zs}\t"'”`*]*:(.*)$/gmu;
  const entries = [...reply.matchAll(line)]
    .map(([, key, value]) => [key!, value!.trim().replace(/,$/, "")] as [string, LooseValue]);
  const isKnown = entries.some(([key]) => [...TOPIC_KEYS, ...LEAN_KEYS].includes(plainLabel(key)));
  return isKnown ? [{ entries, isWhole: true }] : [];
}
