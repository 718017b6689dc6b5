import { type StepEnd, stepName, type StepStatus } from "./step.ts";

/** Say what became of the steps: a table, and below it why some were not done. */
export function describeSteps(steps: StepEnd[], date: string | null): string {
  const lines = [
    ["step", "ended", "seconds", "did", "left"],
    ...steps.map((step) => [
      stepName(step),
      step.status,
      step.status === "skipped" ? "" : step.seconds.toFixed(1),
      step.did,
      step.left,
    ]),
  ];
  const widths = lines[0]!.map((_, column) =>
    Math.max(...lines.map((line) => line[column]!.length))
  );
  const of = (status: StepStatus) => steps.filter((step) => step.status === status).length;
  const counts = (["done", "failed", "stopped", "busy", "skipped"] as const)
    .filter((status) => of(status) > 0).map((status) => `${of(status)} ${status}`);
  return [
    `${date === null ? "The day" : `The posts of ${date}`}: ${steps.length} steps, ${
      counts.join(", ")
    }`,
    ...lines.map((line) =>
      `  ${
        line.map((cell, column) =>
          column === 2 ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!)
        ).join("  ")
      }`.trimEnd()
    ),
    ...steps.filter(({ reason }) => reason !== null).flatMap((step) => [
      `  ${stepName(step)} ${step.status}: ${step.reason}`,
      ...step.remedy === null ? [] : [`    ${step.remedy}`],
    ]),
  ].join("\n");
}
