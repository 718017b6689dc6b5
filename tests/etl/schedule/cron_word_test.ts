import assert from "node:assert/strict";
import { cronWord } from "../../../etl/schedule/schedule_lines.ts";

const TEXTS = [
  "/home/ada/civicsky",
  '/a b/it\'s 100% "odd"',
  "back\\slash\\",
  "\\%\\'%",
  "$HOME `id` $(id) *",
  "!history #comment",
  "%",
  "",
  "Ärzte/日本語",
  "-n",
  "a=b;c&d|e>f<g",
];

async function readByShell(command: string): Promise<string> {
  const { stdout } = await new Deno.Command("/bin/sh", { args: ["-c", command] }).output();
  return new TextDecoder().decode(stdout);
}

/** Read a command as cron does, up to the first % without a backslash. */
function readByCron(command: string, takesBackslash: boolean): string {
  let read = "";
  for (let index = 0; index < command.length; index++) {
    const [one, next] = [command[index]!, command[index + 1]];
    if (one === "%") return read;
    if (one === "\\" && next !== undefined) {
      read += next === "%" && takesBackslash ? next : one + next;
      index++;
    } else read += one;
  }
  return read;
}

Deno.test("every text is one word of a crontab's command, whether cron takes the backslash of \\% or not", async () => {
  const command = `printf '<\\%s>' ${TEXTS.map(cronWord).join(" ")}`;
  const expected = TEXTS.map((text) => `<${text}>`).join("");
  for (const takesBackslash of [true, false]) {
    const read = readByCron(command, takesBackslash);
    assert.equal(await readByShell(read.replace("'<\\%s>'", "'<%s>'")), expected);
  }
});

Deno.test("what no crontab can hold is refused", () => {
  for (const text of ["a\nb", "a\rb", "a\0b", "\x7f"]) {
    assert.throws(() => cronWord(text), RangeError);
  }
});
