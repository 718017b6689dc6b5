import type { z } from "zod";
import { EXIT, UserError } from "../run/error.ts";

/**
 * Check a section of configuration against its schema and give it typed.
 *
 * Throws a usage error that names the file, the path of the first wrong key and what is wrong.
 */
export function checkSection<T>(schema: z.ZodType<T>, value: unknown, where: string): T {
  const result = schema.safeParse(value ?? {}, { reportInput: true });
  if (result.success) return result.data;
  const { issues } = result.error;
  // A mistyped key is also a missing key.
  const issue = mostExact(issues.find(({ code }) => code === "unrecognized_keys") ?? issues[0]!);
  const path = issue.path.map(String).join(".");
  const found = issue.code === "unrecognized_keys"
    ? `unknown key ${issue.keys.map((key) => JSON.stringify(key)).join(", ")}${
      path ? ` in ${path}` : ""
    }`
    : issue.input === undefined
    ? `${path} is missing`
    : `${path || "the file"}: ${issue.message}`;
  throw new UserError(`read ${where}`, found, "Mend that key; data/README.md describes all keys", {
    exitCode: EXIT.usage,
    cause: result.error,
  });
}

/** Give the error within the intended form of a value that may have several forms. */
function mostExact(issue: z.core.$ZodIssue): z.core.$ZodIssue {
  if (issue.code !== "invalid_union") return issue;
  const meant = issue.errors.find((within) =>
    within.every(({ path, code, input }) =>
      path.length > 0 && code !== "unrecognized_keys" && input !== undefined
    )
  );
  return meant ? { ...meant[0]!, path: [...issue.path, ...meant[0]!.path] } : issue;
}
