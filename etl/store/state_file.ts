import { z } from "zod";
import { type ExitStatus, UserError } from "../run/error.ts";
import { ifThereSync } from "./if_there.ts";
import { replaceText } from "./whole_file.ts";

/** The error for a file with wrong content. */
export interface Damage {
  /** Such as `it does not hold the state of a batch`. */
  found: string;
  remedy: string;
  exitCode?: ExitStatus;
}

/** A small JSON file that runs begin from: whole at any time, and checked when it is read. */
export class StateFile<T> {
  constructor(
    readonly path: string,
    readonly schema: z.ZodType<T>,
    readonly damage: Damage,
  ) {}

  /** Give the content of the file, undefined where there is none. Throws where it is damaged. */
  read(): T | undefined {
    const text = ifThereSync(() => Deno.readTextFileSync(this.path));
    if (text === undefined) return undefined;
    try {
      return this.schema.parse(JSON.parse(text));
    } catch (cause) {
      if (!(cause instanceof SyntaxError || cause instanceof z.ZodError)) throw cause;
      const { found, remedy, exitCode } = this.damage;
      throw new UserError(`read ${this.path}`, found, remedy, {
        cause,
        ...exitCode === undefined ? {} : { exitCode },
      });
    }
  }

  /** Write it anew; it is durable when this returns. */
  async write(value: T): Promise<void> {
    await replaceText(this.path, `${JSON.stringify(value, undefined, 2)}\n`);
  }
}
