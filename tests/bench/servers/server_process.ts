import { fileURLToPath } from "node:url";

/** A server that runs as a process of its own, so that it takes no time of what is measured. */
export interface ServerProcess<Report> {
  url: string;
  /** Ask what it has seen so far. */
  report(): Promise<Report>;
  close(): Promise<void>;
}

/** Start a script of this folder that prints its URL, then a report as JSON for each line on stdin. */
export async function startServerProcess<Report>(
  script: string,
  options: unknown,
): Promise<ServerProcess<Report>> {
  const path = fileURLToPath(new URL(script, import.meta.url));
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", "--allow-all", path, JSON.stringify(options)],
    stdin: "piped",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const output = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const input = child.stdin.getWriter();
  const line = async () => {
    let text = "";
    while (!text.endsWith("\n")) {
      const { value, done } = await output.read();
      if (done) throw new Error(`Cannot measure: ${script} ended`);
      text += value;
    }
    return text;
  };
  const url = (await line()).trim();
  return {
    url,
    async report() {
      await input.write(new TextEncoder().encode("\n"));
      return JSON.parse(await line());
    },
    async close() {
      await output.cancel();
      await input.close();
      await child.status;
    },
  };
}
