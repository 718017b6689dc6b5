import { AnswerTooLong } from "./bounded_fetch.ts";

/** Why a request gave no answer at all. */
export interface RequestFailure {
  /** In our own words, to end a sentence about the server. */
  found: string;
  /** Did this task's permissions refuse the connection? */
  isForbidden: boolean;
}

/** Tell why a request over the network, to whatever server, gave no answer, without the error's own message. */
export function readFailure(error: unknown): RequestFailure {
  const causes = causesOf(error);
  return {
    found: causes.find((cause) => cause instanceof AnswerTooLong)?.message ??
      describe(causes.map(({ message }) => message).join(" ")),
    isForbidden: causes.some((cause) => cause instanceof Deno.errors.NotCapable),
  };
}

/** Give an error and its causes, outermost first. */
export function causesOf(error: unknown): Error[] {
  return error instanceof Error ? [error, ...causesOf(error.cause)] : [];
}

function describe(message: string): string {
  if (/dns error|failed to lookup/i.test(message)) return "its name cannot be resolved";
  if (/certificate/i.test(message)) return "its certificate is not valid here";
  if (/connection refused|tcp connect error/i.test(message)) return "it cannot be reached";
  return "the connection broke";
}
