import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { Groq } from "../../../classifiers/clients/groq.ts";
import { apiRoot } from "../../../classifiers/clients/groq_address.ts";
import { UserError } from "../../../etl/run/error.ts";
import { ask, completed, request } from "./chat.ts";
import { withServer } from "./odd_server.ts";
import { assertRedacted, KEY, never, problemOf, TEXT } from "./secrets.ts";
import "../../common_environment.ts";

const json = { "content-type": "application/json" };

Deno.test("a request is sent once, as it is, with the key in its header and nowhere else", async () => {
  const seen: { method: string; url: string; headers: Headers }[] = [];
  let sent = "";
  await withServer((arrived, body) => {
    const { method, url } = arrived;
    seen.push({ method, url, headers: new Headers(arrived.headers) });
    sent = body;
    return new Response(completed, { headers: { ...json, "x-ratelimit-limit-tokens": "250000" } });
  }, async (baseUrl) => {
    const { body, headers } = await ask(baseUrl);
    assert.equal(body, completed);
    assert.equal(headers.get("x-ratelimit-limit-tokens"), "250000");
  });
  assert.equal(seen.length, 1);
  const [{ method, url, headers }] = seen as [typeof seen[number]];
  assert.equal(method, "POST");
  assert.equal(new URL(url).pathname, "/v1/chat/completions");
  assert.equal(headers.get("authorization"), `Bearer ${KEY}`);
  assert.match(headers.get("content-type")!, /^application\/json/);
  assert.deepEqual(JSON.parse(sent), request);
  headers.delete("authorization");
  assert.ok(!JSON.stringify([url, sent, [...headers]]).includes(KEY));
});

Deno.test("a body is kept as it came, its white space, order and unknown fields included", async () => {
  const odd = `\n {"zz" : 1.0e0, "choices":[ ],\t"é":"\\u00e9"}\r\n `;
  for (const type of ["application/json", "text/plain", "application/octet-stream"]) {
    await withServer(
      () => new Response(odd, { headers: { "content-type": type } }),
      async (baseUrl) => assert.equal((await ask(baseUrl)).body, odd),
    );
  }
  const gzipped = { headers: { ...json, "content-encoding": "gzip" } };
  await withServer(() => new Response(gzipSync(completed), gzipped), async (baseUrl) => {
    assert.equal((await ask(baseUrl)).body, completed);
  });
});

Deno.test("a base URL may have a path, a version and a slash at its end, or none of them", async () => {
  const forms: [string, string][] = [
    ["", "/v1/"],
    ["/", "/v1/"],
    ["/v1", "/v1/"],
    ["/v1/", "/v1/"],
    ["/v1//", "/v1/"],
    ["/models/llama", "/models/llama/v1/"],
    ["/models/llama/v1/", "/models/llama/v1/"],
    ["/openai/v1", "/openai/v1/"],
    ["/openai", "/openai/v1/"],
    ["/v1beta/openai/", "/v1beta/openai/"],
  ];
  const paths: string[] = [];
  await withServer(({ url }) => {
    paths.push(new URL(url).pathname);
    return new Response(completed, { headers: json });
  }, async (baseUrl) => {
    for (const [path] of forms) await ask(`${baseUrl.slice(0, -1)}${path}`);
  });
  assert.deepEqual(paths, forms.map(([, root]) => `${root}chat/completions`));
});

Deno.test("Groq itself is asked where no base URL is given, and in both forms of its own", () => {
  const root = "https://api.groq.com/openai/v1/";
  for (const url of [undefined, "https://api.groq.com", "https://api.groq.com/openai/v1/"]) {
    assert.equal(apiRoot(url), root);
    assert.equal(new Groq({ key: KEY, baseUrl: url }).host, "api.groq.com");
  }
});

Deno.test("a server of one's own is asked without a key, and without a header for one", async () => {
  for (const key of [undefined, ""]) {
    let authorization: string | null = "";
    await withServer((arrived) => {
      authorization = arrived.headers.get("authorization");
      return new Response(completed, { headers: json });
    }, async (baseUrl) => {
      await new Groq({ key, baseUrl }).chat(request, never);
    });
    assert.equal(authorization, null);
  }
});

Deno.test("a key that is missing at Groq, or that no header takes, is refused without repeating it", () => {
  const refuses = (key: string | undefined, baseUrl: string | undefined, found: RegExp) =>
    assert.throws(() => new Groq({ key, baseUrl }), (error) => {
      assert.ok(error instanceof UserError);
      assert.equal(error.exitCode, 2);
      assertRedacted(error);
      assert.match(error.remedy, /\.env/);
      return found.test(error.message);
    });
  for (const key of [undefined, ""]) {
    refuses(key, undefined, /GROQ_API_KEY is not set/);
    refuses(key, "https://api.groq.com./openai/v1", /GROQ_API_KEY is not set/);
  }
  for (const key of [" ", `${KEY} `, `${KEY}\n`, `${KEY}\r\nx: y`, `${KEY}\0`, `${KEY}🔑`]) {
    for (const url of [undefined, "http://127.0.0.1:1"]) refuses(key, url, /GROQ_API_KEY has/);
  }
});

Deno.test("a base URL that cannot be one is refused without repeating it", () => {
  const bad = ["", "example.org", "ftp://example.org", `https://u:${KEY}@example.org`];
  for (const baseUrl of [...bad, `https://example.org/?key=${KEY}`, `https://x.org/#${KEY}`]) {
    assert.throws(() => new Groq({ key: KEY, baseUrl }), (error) => {
      assert.ok(error instanceof UserError);
      assert.equal(error.exitCode, 2);
      assertRedacted(error);
      return /GROQ_BASE_URL/.test(error.format());
    });
  }
});

Deno.test("half a surrogate pair is sent as U+FFFD, and every other character as it is", async () => {
  let content = "";
  await withServer((_, body) => {
    content = JSON.parse(body).messages[1].content;
    return new Response(completed, { headers: json });
  }, async (baseUrl) => {
    for (const text of ["half \ud83d of", "\udc00", 'nul \0 and \u2028 \ufeff "\\', "👩🏽‍🚀 العربية"]) {
      const messages = [request.messages[0]!, { role: "user" as const, content: text }];
      await new Groq({ key: KEY, baseUrl }).chat({ ...request, messages }, never);
      assert.equal(content, text.toWellFormed());
    }
  });
});

Deno.test("models are listed as Groq, vLLM and Ollama write them, and what is no name is left out", async () => {
  const lists: [unknown, unknown][] = [
    [
      [{ id: "a/b", active: true, context_window: 131_072, max_completion_tokens: 65_536 }, {
        id: "old",
        active: false,
      }],
      [{ id: "a/b", active: true, context_window: 131_072 }, { id: "old", active: false }],
    ],
    [[{ id: "m", max_model_len: 4096, permission: [] }], [{ id: "m", context_window: 4096 }]],
    [[{ id: "llama3:latest", context_window: "much" }], [{ id: "llama3:latest" }]],
    [[{ id: "\u001b[31mred" }, { id: "" }, null, 5, { id: "x".repeat(201) }], []],
    [null, []],
  ];
  for (const [data, expected] of lists) {
    await withServer(({ url, method }) => {
      assert.equal(`${method} ${new URL(url).pathname}`, "GET /v1/models");
      return Response.json({ object: "list", data });
    }, async (baseUrl) => {
      assert.deepEqual(await new Groq({ key: KEY, baseUrl }).models(), expected);
    });
  }
  for (const body of ["{}", '{"data":{}}', '{"data":[', "[]", "<html>", ""]) {
    await withServer(() => new Response(body), async (baseUrl) => {
      const error = await problemOf(new Groq({ key: KEY, baseUrl }).models());
      assert.deepEqual([error.problem, error.reason], ["passing", "invalid_answer"], body);
    });
  }
});

Deno.test("the SDK prints nothing, whatever its variables say", async () => {
  const script = `
    import { Groq } from ${
    JSON.stringify(import.meta.resolve("../../../classifiers/clients/groq.ts"))
  };
    import { request } from ${JSON.stringify(import.meta.resolve("./chat.ts"))};
    const groq = new Groq({ key: "k", baseUrl: Deno.args[0] });
    await groq.chat(request, new AbortController().signal).catch((error) => console.log(error.name));
  `;
  const file = await Deno.makeTempFile({ suffix: ".ts" });
  await Deno.writeTextFile(file, script);
  let arrived: Headers | undefined;
  await withServer(({ headers }) => {
    arrived = headers;
    return new Response("{}", { status: 429 });
  }, async (baseUrl) => {
    const config = fileURLToPath(new URL("../../../deno.json", import.meta.url));
    const output = await new Deno.Command(Deno.execPath(), {
      args: ["run", "--quiet", "--config", config, "--allow-all", file, baseUrl],
      env: { GROQ_LOG: "debug", GROQ_BASE_URL: "http://127.0.0.1:1", GROQ_API_KEY: KEY },
    }).output();
    const printed = new TextDecoder().decode(output.stdout) +
      new TextDecoder().decode(output.stderr);
    assert.equal(printed, "ServiceError\n");
    assert.ok(!printed.includes(TEXT));
  });
  assert.equal(arrived?.get("authorization"), "Bearer k");
  await Deno.remove(file);
});
