/** Appends to a journal without end; after each commit it says the last line that is durable. */
import { Journal } from "../../../etl/store/journal.ts";

const [folder, segment, first] = Deno.args as [string, string, string];
const journal = await Journal.create(folder, segment);
const filling = "ü".repeat(10_000);
for (let number = Number(first);;) {
  for (let line = 0; line < 500; line++) journal.append({ number: number++, filling });
  await journal.commit();
  Deno.stdout.writeSync(new TextEncoder().encode(`${number - 1}\n`));
}
