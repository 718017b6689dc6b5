import { EXIT, UserError } from "../../etl/run/error.ts";
import { day } from "../../etl/run/option.ts";
import { SOURCE_NAMES } from "../../etl/store/source.ts";
import type { Notebook } from "./notebook.ts";

/** A constant of a notebook's first code cell that holds one plain value on one line. */
export interface NotebookParameter {
  name: string;
  /** Such as `day`, `number`, `source or undefined` or `list of string`. */
  type: string;
  /** Give the value as it stands in code; throws a `RangeError` that says what is wrong. */
  parse(text: string): string;
  /** Where its value stands in the cell. */
  start: number;
  end: number;
}

const TEXT = `"(?:\\\\.|[^"\\\\\\n])*"|'(?:\\\\.|[^'\\\\\\n])*'`;
const VALUE = `${TEXT}|-?\\d[\\d_]*(?:\\.\\d+)?|true|false|undefined|null|\\[[^\\]\\n]*\\]`;
const CONSTANT = new RegExp(
  `^(?:const|let)\\s+([\\w$]+)(?:\\s*:\\s*([^=\\n]+?))?\\s*=\\s*(${VALUE})[ \\t]*;?[ \\t]*(?://.*)?$`,
  "dgm",
);

/** Give the parameters of a notebook, in their order. */
export function parametersOf(notebook: Notebook): NotebookParameter[] {
  const source = notebook.cells.find(({ cell_type }) => cell_type === "code")?.source ?? "";
  return [...source.matchAll(CONSTANT)].map((match) => {
    const [, name, annotation, value] = match;
    const [start, end] = match.indices![3]!;
    return { name: name!, ...typeOf(annotation, value!), start, end };
  });
}

/**
 * Give the notebook with other values for those of its parameters that are named.
 *
 * Throws a usage error for a value that is not of the parameter's type.
 */
export function withParameters(notebook: Notebook, given: Map<string, string>): Notebook {
  const index = notebook.cells.findIndex(({ cell_type }) => cell_type === "code");
  const cells = notebook.cells.map((cell, place) => {
    if (place !== index) return cell;
    const source = parametersOf(notebook).filter(({ name }) => given.has(name))
      .reduceRight(
        (text, { name, parse, start, end }) =>
          text.slice(0, start) + valueOf(name, given.get(name)!, parse) + text.slice(end),
        cell.source,
      );
    return { ...cell, source };
  });
  return { ...notebook, cells };
}

/**
 * Add a parameter as it is given on the command line, `since=2026-06-01`, to those before.
 *
 * Throws a `RangeError` where it is none, or is given a second time.
 */
export function assignment(text: string, before = new Map<string, string>()): Map<string, string> {
  const [, name, value] = /^([\w$]+)=(.*)$/s.exec(text) ?? [];
  if (name === undefined) throw new RangeError("is not a name and a value, such as threshold=0.8");
  if (before.has(name)) throw new RangeError("is given twice");
  return new Map([...before, [name, value!]]);
}

function valueOf(name: string, text: string, parse: NotebookParameter["parse"]): string {
  try {
    return parse(text);
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new UserError(
      "run render",
      `--set ${name}: ${JSON.stringify(text)} ${cause.message}`,
      "See the first code cell of the notebook",
      { exitCode: EXIT.usage, cause },
    );
  }
}

/** Read the annotation; without one, the value itself says of what type it is. */
function typeOf(annotation: string | undefined, value: string) {
  const parts = (annotation ?? guess(value)).split("|").map((part) => part.trim());
  const nothing = parts.find((part) => part === "undefined" || part === "null");
  const { type, parse } = plainType(parts.filter((part) => part !== nothing));
  if (nothing === undefined) return { type, parse };
  return {
    type: `${type} or ${nothing}`,
    parse: (text: string) => text === "" || text === nothing ? nothing : parse(text),
  };
}

function guess(value: string): string {
  if (/^["']\d{4}-\d\d-\d\d["']$/.test(value)) return "IsoDay";
  if (/^[-\d]/.test(value)) return "number";
  if (/^(true|false)$/.test(value)) return "boolean";
  if (value.startsWith("[")) return /^\[\s*[-\d]/.test(value) ? "number[]" : "string[]";
  return /^["']/.test(value) ? "string" : `string | ${value}`;
}

function plainType(parts: string[]): Pick<NotebookParameter, "type" | "parse"> {
  const [name] = parts;
  if (parts.length === 1 && name!.endsWith("[]")) {
    const { type, parse } = plainType([name!.slice(0, -2)]);
    const values = (text: string) => text === "" ? [] : text.split(",").map((one) => parse(one));
    return { type: `list of ${type}`, parse: (text) => `[${values(text).join(", ")}]` };
  }
  if (name === "IsoDay") return { type: "day", parse: (text) => JSON.stringify(day(text)) };
  if (name === "number") return { type: "number", parse: number };
  if (name === "boolean") {
    return {
      type: "boolean",
      parse: (text) => oneOf(text, ["true", "false"]),
    };
  }
  if (name === "Source") {
    return { type: "source", parse: (text) => JSON.stringify(oneOf(text, SOURCE_NAMES)) };
  }
  const choices = parts.map((part) => /^(["'])(.*)\1$/.exec(part)?.[2]);
  if (choices.every((choice) => choice !== undefined)) {
    const parse = (text: string) => JSON.stringify(oneOf(text, choices));
    return { type: choices.join(" or "), parse };
  }
  return { type: "string", parse: (text) => JSON.stringify(text) };
}

function number(text: string): string {
  if (!/^-?\d+(\.\d+)?$/.test(text)) throw new RangeError("is not a number such as 0.8");
  return String(Number(text));
}

function oneOf(text: string, choices: string[]): string {
  if (!choices.includes(text)) throw new RangeError(`is not one of ${choices.join(", ")}`);
  return text;
}
