/** What a cell may try in order to read, write or reach what it must not. */

/** Where secrets lie in a test. */
export interface Secrets {
  /** Paths of files that hold the secret, outside of what a cell may read. */
  files: string[];
  /** A module and a JSON file that hold it. */
  module: string;
  json: string;
  /** A folder that a cell may write nothing in. */
  folder: string;
  /** A file of the checkout. */
  checkout: string;
  /** A server on loopback that answers with the secret. */
  url: string;
}

const HELPERS = `
const text = { with: { type: "text" } };
const joined = (...parts) => parts.join("");
const decoder = new TextDecoder();
/** Run a module in a worker and give what it says. */
const inWorker = (code) => new Promise((resolve, reject) => {
  const url = "data:text/javascript," + encodeURIComponent(code);
  const worker = new Worker(url, { type: "module" });
  const end = (how) => (value) => { worker.terminate(); how(value); };
  worker.onmessage = ({ data }) => end(resolve)(data);
  worker.onerror = (event) => { event.preventDefault(); end(reject)(new Error(event.message)); };
});
`;

/** Give the ways by their names, each an expression that gives the secret or fails. */
export function waysOut(
  { files, module, json, folder, url, checkout }: Secrets,
): Record<string, string> {
  const q = JSON.stringify;
  const file = q(files[0]);
  const href = q(`file://${files[0]}`);
  const [before, name] = [q(`file://${files[0]!.slice(0, -4)}`), q(files[0]!.slice(-4))];
  const imported = `import(${href}, { with: { type: "text" } })`;
  const each = Object.fromEntries(
    files.map((path) => [`read ${path}`, `Deno.readTextFileSync(${q(path)})`]),
  );
  return {
    ...each,
    "import a literal as text": `(await import(${href}, { with: { type: "text" } })).default`,
    "import with a comment":
      `(await import(/* here */ ${href}, { with: { type: "text" } })).default`,
    "import a template": `(await import(\`file://\${${file}}\`, text)).default`,
    "import a template with a name": `(await import(\`${
      files[0]!.slice(0, -4)
    }\${${name}}\`, text)).default`,
    "import a sum": `(await import(${before} + ${name}, text)).default`,
    "import what is computed": `(await import(joined(${before}, ${name}), text)).default`,
    "import bytes": `(await import(joined(${href}), { with: { type: "bytes" } })).default`,
    "import a module": `(await import(${q(`file://${module}`)})).default`,
    "import JSON": `(await import(${q(`file://${json}`)}, { with: { type: "json" } })).default`,
    "import within eval": `(await (0, eval)(${q(imported)})).default`,
    "import within a function": `(await new Function(${q(`return ${imported}`)})()).default`,
    "import by a data URL":
      `(await import(joined("data:text/javascript,", encodeURIComponent('export { default } from ${href} with { type: "text" }')))).default`,
    "import by a blob":
      `(await import(URL.createObjectURL(new Blob(['import x from ${href} with { type: "text" }; export default x'], { type: "text/javascript" })))).default`,
    "a worker that imports":
      `await inWorker('import x from ${href} with { type: "text" }; postMessage(x)')`,
    "a worker that reads": `await inWorker('postMessage(Deno.readTextFileSync(${file}))')`,
    "a worker of a file":
      `await new Promise((_, reject) => { new Worker("file://${module}", { type: "module" }).onerror = (event) => { event.preventDefault(); reject(new Error(event.message)); }; })`,
    "fetch a file": `await (await fetch(${href})).text()`,
    "open a file": `await new Response((await Deno.open(${file})).readable).text()`,
    "read by node:fs": `(await import("node:fs")).readFileSync(${file}, "utf8")`,
    "read by node:fs promises":
      `await (await import("node:fs/promises")).readFile(${file}, "utf8")`,
    "require by node:module": `(await import("node:module")).createRequire("file:///")(${q(json)})`,
    "read by process.binding": `process.binding("fs").readFileUtf8(${file}, 0)`,
    "read a folder": `[...Deno.readDirSync(${q(folder)})].map(({ name }) => name)`,
    "read the environment of the process": `Deno.readTextFileSync("/proc/self/environ")`,
    "read the environment of its parent": `Deno.readTextFileSync(\`/proc/\${Deno.ppid}/environ\`)`,
    "read by a descriptor's path": `Deno.readTextFileSync("/proc/self/root" + ${file})`,
    "read by a path that goes up":
      `Deno.readTextFileSync(Deno.env.get("CIVICSKY_DATA") + "/posts/../../.env")`,
    "read by a link":
      `(Deno.symlinkSync(${file}, Deno.env.get("CIVICSKY_DATA") + "/posts/link"), Deno.readTextFileSync(Deno.env.get("CIVICSKY_DATA") + "/posts/link"))`,
    "a variable of the environment": `Deno.env.get("GROQ_API_KEY")`,
    "all variables": `Deno.env.toObject().GROQ_API_KEY`,
    "a variable by node:process": `(await import("node:process")).env.GROQ_API_KEY`,
    "ask for leave":
      `(await Deno.permissions.request({ name: "read" })).state === "granted" && "secret"`,
    "run a program":
      `decoder.decode(new Deno.Command("cat", { args: [${file}] }).outputSync().stdout)`,
    "run one by node:child_process":
      `(await import("node:child_process")).execFileSync("cat", [${file}]).toString()`,
    "run Deno":
      `decoder.decode(new Deno.Command(Deno.execPath(), { args: ["eval", "1"] }).outputSync().stdout)`,
    "load a library":
      `Deno.dlopen("libc.so.6", { getpid: { parameters: [], result: "i32" } }) && "secret"`,
    "fetch": `await (await fetch(${q(url)})).text()`,
    "connect": `(await Deno.connect({ hostname: "127.0.0.1", port: ${
      new URL(url).port
    } })) && "secret"`,
    "a WebSocket": `await new Promise((resolve, reject) => { const socket = new WebSocket(${
      q(url.replace("http", "ws"))
    }); socket.onopen = () => resolve("secret"); socket.onerror = ({ message }) => reject(new Error(message)); })`,
    "import from the network": `(await import(joined(${q(url)}, "/x.js"))).default`,
    "import from a host that Deno trusts":
      `await import(joined("https://jsr.io/", "x")) && "secret"`,
    "ask the registry for a name":
      `await import(joined("npm:", "left-pad-of-secrets")) && "secret"`,
    "resolve a name": `(await Deno.resolveDns("secret.example", "A")) && "secret"`,
    "write a file": `Deno.writeTextFileSync(${q(`${folder}/written`)}, "x") ?? "secret"`,
    "write into a table":
      `Deno.writeTextFileSync(Deno.env.get("CIVICSKY_DATA") + "/posts/written", "x") ?? "secret"`,
    "make a temporary file": `Deno.makeTempFileSync() && "secret"`,
    "change the checkout": `Deno.writeTextFileSync(${q(checkout)}, "") ?? "secret"`,
    "end its parent": `Deno.kill(Deno.ppid, 0) ?? "secret"`,
    "keep one in a store": `(await Deno.openKv()) && "secret"`,
    "names of the machine": `Deno.hostname() && "secret"`,
    "read by sql": "await rows(`SELECT * FROM read_csv('" + files[0] +
      "', header = false, columns = {'line': 'VARCHAR'})`)",
    "list by sql": "await rows(`SELECT * FROM glob('" + folder + "/*')`)",
    "read raw by sql": "await rows(`SELECT * FROM read_parquet('" + folder +
      "/raw/firehose/*/*.parquet')`)",
    "write by sql": "(engine.run(`COPY (SELECT 1) TO '" + folder + "/copied.csv'`), 'secret')",
    "attach by sql": "(second.run(`ATTACH '" + folder + "/attached.db'`), 'secret')",
    "an extension by sql": "(third.run(`INSTALL httpfs`), 'secret')",
  };
}

/** Give cells that try all ways, and print for each what it gave or why not. */
export function tryingCells(ways: Record<string, string>): string[] {
  const list = Object.entries(ways).map(([name, way]) =>
    `[${JSON.stringify(name)}, async () => ${way}],`
  );
  return [
    ['import { open } from "./lib.ts";', 'import { connect } from "./query/duckdb.ts";'].join(
      "\n",
    ) +
    `
     const [engine, second, third] = [await connect(), await connect(), await connect()];
     const study = await open(Deno.env.get("CIVICSKY_DATA")!);
     const rows = async (sql) => (await study.sql(Object.assign([sql], { raw: [sql] }))).objects();
     ${HELPERS}`,
    `for (const [name, attempt] of [\n${list.join("\n")}\n]) {
       try { console.log("GOT", name, JSON.stringify(await attempt())); }
       catch (error) { console.log("no", name, String(error?.message ?? error).split("\\n")[0]); }
     }`,
  ];
}
