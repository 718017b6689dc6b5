import type { Check } from "./check.ts";
import type { CheckFinding } from "./examine.ts";
import type { Level } from "./finding.ts";

const LEVELS: Level[] = ["problem", "warning", "note"];
const INDENT = "  ";

/** Count findings by level. */
export function countLevels(findings: CheckFinding[]): Record<Level, number> {
  const count = (level: Level) => findings.filter((finding) => finding.level === level).length;
  return {
    ok: count("ok"),
    note: count("note"),
    warning: count("warning"),
    problem: count("problem"),
  };
}

/** Write findings for people: by group, the worst first, and the number of fine ones. */
export function describeFindings(
  checks: Check[],
  findings: CheckFinding[],
  isOnline: boolean,
): string {
  const groups = [...new Set(checks.map(({ group }) => group))];
  const lines = groups.flatMap((group) => {
    const said = LEVELS.flatMap((level) =>
      findings.filter((finding) => finding.group === group && finding.level === level)
    );
    if (said.length === 0) return [];
    return [group, ...said.flatMap(describe), ""];
  });
  const unsettled = new Set(
    findings.filter(({ level }) => level !== "ok").map(({ check }) => check),
  );
  const fine = new Set(findings.map(({ check }) => check)).difference(unsettled).size;
  const unasked = checks.filter((check) => check.isOnline && !isOnline).length;
  return [
    ...lines,
    `${fine} ${fine === 1 ? "check" : "checks"} fine`,
    ...unasked === 0 ? [] : [
      `${unasked} more checks ask servers and need the network: deno task doctor --online`,
    ],
  ].join("\n");
}

function describe({ level, found, remedy }: CheckFinding): string[] {
  const head = Math.max(...LEVELS.map((it) => it.length)) + 2 * INDENT.length;
  const [first, ...rest] = [...wrapped(found, head), ...wrapped(remedy ?? "", head)];
  return [
    `${INDENT}${level}`.padEnd(head) + first,
    ...rest.map((line) => `${" ".repeat(head)}${line}`),
  ];
}

/** Break a text into lines that fit on the terminal behind so many characters; a log takes it whole. */
function wrapped(text: string, behind: number): string[] {
  if (text === "") return [];
  if (!Deno.stdout.isTerminal()) return [text];
  const room = Math.max(40, Deno.consoleSize().columns - behind);
  return text.match(new RegExp(`\\S.{0,${room - 2}}\\S(?=\\s|$)|\\S+`, "g")) ?? [text];
}
