/** Runs one bench: `deno task bench firehose`. Exits with 0, 1 where a goal is missed, 2 for usage. */
import { Argument, Command, CommanderError, InvalidArgumentError } from "commander";
import { positiveInteger } from "../../etl/run/option.ts";
import { type Bench, type BenchOptions, describeFigures, figuresJson, isMet } from "./measure.ts";

/** Each bench by its name; its file exports `bench`. */
const BENCHES: Record<string, () => Promise<{ bench: Bench }>> = {
  engine: () => import("./engine.ts"),
  firehose: () => import("./firehose.ts"),
  fuzz: () => import("./fuzz.ts"),
  ingest: () => import("./ingest.ts"),
  llm: () => import("./llm.ts"),
  preprocess: () => import("./preprocess.ts"),
  query: () => import("./query.ts"),
  render: () => import("./render.ts"),
  streams: () => import("./streams.ts"),
};

async function measure(
  name: string,
  { json, ...options }: BenchOptions & { json?: boolean },
): Promise<number> {
  const { bench } = await BENCHES[name]!();
  if (options.posts !== undefined && !bench.takesPosts) {
    console.error(
      `Cannot run the bench ${name}: it has its own number of posts\n  Leave out --posts`,
    );
    return 2;
  }
  console.error(bench.description);
  const figures = await bench.run((text) => console.error(text), options);
  console.log(json ? figuresJson(name, figures) : describeFigures(figures));
  return figures.every(isMet) ? 0 : 1;
}

function count(text: string): number {
  try {
    return positiveInteger(text);
  } catch (error) {
    throw new InvalidArgumentError(error instanceof Error ? error.message : String(error));
  }
}

let status = 0;
const program = new Command("deno task bench")
  .description("Measure something, beside its goal and beside what it is compared to.")
  .addArgument(new Argument("<name>", "what to measure").choices(Object.keys(BENCHES)))
  .option(
    "--posts <n>",
    "another number of posts; a bench that has its own refuses it",
    count,
  )
  .option("--json", "print figures as JSON")
  .addHelpText("after", "\nExample: deno task bench firehose")
  .exitOverride()
  .action(async (name, options) => void (status = await measure(name, options)));
try {
  await program.parseAsync(Deno.args.filter((arg) => arg !== "--"), { from: "user" });
} catch (error) {
  if (!(error instanceof CommanderError)) throw error;
  status = error.exitCode === 0 ? 0 : 2;
}
Deno.exit(status);
