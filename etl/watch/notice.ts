import { type Variable, variable } from "../run/environment.ts";
import type { Study } from "../study/study.ts";

/** Most characters of a title and a remedy in a notice. */
const LONGEST = 300;

/** Values that no message may hold, and secret settings of the study. */
const SECRETS: Variable[] = [
  "BLUESKY_APP_PASSWORD",
  "PERSPECTIVE_API_KEY",
  "GROQ_API_KEY",
  "CIVICSKY_WEBHOOK",
  "CIVICSKY_HEARTBEAT",
];

/** The notice of an incident. */
export interface Notice {
  event: "open" | "mended";
  key: string;
  title: string;
  remedy: string;
  study: string;
  machine: string;
  /** The whole notice in words. */
  text: string;
}

/** A notice that was not delivered, and why, without any address. */
export class NotSent extends Error {
  override readonly name = "NotSent";
}

/** Give a text on one line, in at most 300 characters, without control characters and secrets. */
export function cleaned(text: string, study: Pick<Study, "notify">): string {
  return bounded(withoutSecrets(text, study));
}

/** Describe an incident; its title and remedy are clean. */
export function notice(
  { key, title, remedy, since }: { key: string; title: string; remedy: string; since: string },
  event: Notice["event"],
  study: Pick<Study, "name" | "notify">,
): Notice {
  const facts = {
    event,
    key,
    title,
    remedy,
    study: cleaned(study.name, study),
    machine: Deno.hostname(),
  };
  const who = `${facts.study} on ${facts.machine}`;
  const when = `since ${since.slice(0, 16).replace("T", " ")} UTC`;
  const text = event === "open"
    ? `${who}: ${facts.title}\n${facts.remedy}`
    : `${who}: mended: ${facts.title} (${when})`;
  return { ...facts, text };
}

function withoutSecrets(text: string, { notify }: Pick<Study, "notify">): string {
  const values = [...SECRETS.map((name) => variable(name)), notify.webhook, notify.heartbeat];
  return values.reduce<string>(
    (clean, value) => value ? clean.replaceAll(value, "…") : clean,
    text,
  );
}

function bounded(text: string): string {
  const line = text.slice(0, 100 * LONGEST).toWellFormed()
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\s]+/gu, " ").trim();
  const characters = [...line.slice(0, 4 * LONGEST)];
  return characters.length <= LONGEST
    ? characters.join("")
    : `${characters.slice(0, LONGEST - 1).join("")}…`;
}
