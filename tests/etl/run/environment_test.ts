import assert from "node:assert/strict";
import { join } from "node:path";
import { SECRETS, VARIABLES } from "../../../etl/run/environment.ts";
import { withData } from "../../rows.ts";
import { ROOT, runProcess, taskProcess } from "../../task.ts";
import { Child } from "../store/child.ts";

const NAME = "BLUESKY_APPVIEW";

Deno.test("the environment beats .env, and what is empty counts as unset", async () => {
  const file = `# comment\n${NAME}="http://file"\nOTHER=1\n`;
  const cases: [string | null, string, string | undefined][] = [
    ["http://set", file, "http://set"],
    [null, file, "http://file"],
    ["", file, "http://file"],
    // As editors of Windows save it.
    [null, `\uFEFF${NAME}=http://file\r\nOTHER=1\r\n`, "http://file"],
    [" http://set\n", file, "http://set"],
    ["http://set", "", "http://set"],
    [null, "", undefined],
    [null, `${NAME}=\n`, undefined],
  ];
  await withData(async (data) => {
    const path = join(data, ".env");
    // In another process, because the tests here share one environment.
    const child = new Child("run/environment_script.ts", path);
    for (const [set, text, expected] of cases) {
      await Deno.writeTextFile(path, text);
      const answer = await child.ask(JSON.stringify({ [NAME]: set, CIVICSKY_CLOCK: null }));
      assert.equal(JSON.parse(answer!).appview, expected);
    }
    await child.kill();
  });
});

Deno.test("a .env of Windows is read with its mark, and one that is not text is an error that names it", () =>
  withData(async (data) => {
    const path = join(data, ".env");
    const text = `\uFEFFCIVICSKY_STUDY=/no/study.yaml\r\n`;
    const wide = new Uint8Array(Uint16Array.from(text, (c) => c.charCodeAt(0)).buffer);
    const run = async (bytes: Uint8Array) => {
      await Deno.writeFile(path, bytes);
      const args = ["preprocess", "--data", data];
      const { code, stderr } = await runProcess(args, {
        CIVICSKY_ENV_FILE: path,
        CIVICSKY_STUDY: "",
      });
      assert.equal(code, 2, stderr);
      return stderr;
    };
    assert.match(await run(new TextEncoder().encode(text)), /no file \/no\/study\.yaml/);
    assert.match(await run(wide), /no file \/no\/study\.yaml/);
    const said = /^Cannot read \S+\.env: [^\n]*not[^\n]* UTF-8\n {2}Save the file as UTF-8/;
    assert.match(await run(wide.subarray(2)), said);
    assert.match(await run(Uint8Array.from("X=\xe9\n", (c) => c.charCodeAt(0))), said);
  }));

/** Variables of other programs that tasks with some permissions look at. */
const PROXY = ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"];
const PROXIES = [...PROXY, ...PROXY.map((name) => name.toLowerCase())];
const SYSTEM_VARIABLES: Record<string, string[]> = {
  online: PROXIES,
  daily: PROXIES,
  doctor: [...PROXIES, "DENO_DIR", "XDG_CACHE_HOME", "HOME"],
  schedule: [
    ...["HOME", "PATH", "DENO_DIR", "XDG_CACHE_HOME"],
    ...PROXIES,
    ...["DENO_CERT", "DENO_TLS_CA_STORE"],
  ],
  slurm: ["DENO_DIR"],
};

/** Sets of tasks that ask nobody. */
const OFFLINE = ["study", "render"];

Deno.test("every set of permissions has every variable but secrets that its tasks do not need, and no other", async () => {
  const { permissions } = JSON.parse(await Deno.readTextFile(join(ROOT, "deno.json")));
  for (const [name, { env }] of Object.entries<{ env: true | { allow: string[] } }>(permissions)) {
    // The demo and benches start other programs, and hand on what these are given.
    if (env === true) {
      assert.ok(["demo", "bench"].includes(name), name);
      continue;
    }
    const variables = VARIABLES.filter((variable) =>
      !OFFLINE.includes(name) || !SECRETS.includes(variable)
    );
    assert.deepEqual(env, { allow: [...variables, ...SYSTEM_VARIABLES[name] ?? []], ignore: true });
  }
});

Deno.test("a variable that the permissions leave out is not given, from the file neither", () =>
  withData(async (data) => {
    const file = join(data, "variables");
    await Deno.writeTextFile(file, "GROQ_API_KEY=of-the-file\nGROQ_BASE_URL=http://127.0.0.1\n");
    const module = new URL("../../../etl/run/environment.ts", import.meta.url);
    const code = `import { variable } from ${JSON.stringify(module)};
      console.log(variable("GROQ_API_KEY") ?? "none", variable("GROQ_BASE_URL") ?? "none");`;
    await Deno.writeTextFile(join(data, "ask.ts"), code);
    const asked = async (set: string, key: string) => {
      const { stdout } = await new Deno.Command(Deno.execPath(), {
        args: [
          "run",
          "-q",
          "--no-prompt",
          "--config",
          join(ROOT, "deno.json"),
          `-P=${set}`,
          join(data, "ask.ts"),
        ],
        env: { CIVICSKY_ENV_FILE: file, GROQ_BASE_URL: "", GROQ_API_KEY: key },
      }).output();
      return new TextDecoder().decode(stdout).trim();
    };
    for (const set of OFFLINE) {
      for (const key of ["", "of-the-environment"]) {
        assert.equal(await asked(set, key), "none http://127.0.0.1", set);
      }
    }
    assert.equal(await asked("online", ""), "of-the-file http://127.0.0.1");
    assert.equal(await asked("online", "key"), "key http://127.0.0.1");
  }));

Deno.test("a file of variables that is named and cannot be read is a usage error, and none is read for none", async () => {
  const run = async (file: string, data = ".") => {
    const args = ["status", "--data", data, "--study", join(ROOT, "demo", "study.yaml")];
    const { code, stderr } = await taskProcess(args, { CIVICSKY_ENV_FILE: file }).output();
    return [code, new TextDecoder().decode(stderr)] as const;
  };
  await withData(async (data) => {
    const [missing, said] = await run(join(data, "my.env"));
    assert.equal(missing, 2);
    assert.match(
      said,
      /^Cannot read the variables in .*my\.env: there is no such file\n {2}Mend or unset/,
    );
    const [folder, why] = await run(data);
    assert.equal(folder, 2);
    assert.match(why, /^Cannot read the variables in /);
    assert.equal((await run("none", data))[0], 0);
  });
});
