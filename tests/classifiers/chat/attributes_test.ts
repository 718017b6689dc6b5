import assert from "node:assert/strict";
import { readAttributes } from "../../../classifiers/codebooks/attribute_codebook.ts";
import { withData } from "../../rows.ts";
import { until } from "../perspective_run.ts";
import {
  coder,
  label,
  labels,
  numberedPosts,
  startLabelling,
  textOf,
  withGroq,
  writeDays,
  writeStudy,
} from "./chat_run.ts";

Deno.test("each attribute of the codebook is a score of its own post, and none is a probability", () =>
  withData((data) =>
    withGroq({}, async (server) => {
      const posts = numberedPosts(12);
      await writeDays(data, posts);
      await writeStudy(data, {}, "attributes");
      const { attributes } = await readAttributes("classifiers/codebooks/us_politics.yaml");
      const args = ["--posts-per-request", "4"];
      const { code, stderr, summary } = await label(data, server, args, {}, "attributes");
      assert.deepEqual([code, summary.labelled], [0, 12], stderr);
      const names = Object.keys(attributes);
      for (const row of await labels(data, "attributes")) {
        const said = coder({ text: textOf({ name: row.name }) }, names);
        const found = Object.fromEntries(names.map((name) => [name, row[`score_${name}`]]));
        assert.deepEqual(found, said, row.name);
        assert.ok(!Object.keys(row).some((column) => column.startsWith("prob_")));
      }
    })
  ));

Deno.test("of two classifiers that ask one model at once the second ends with 3, and asks nothing", () =>
  withData((data) =>
    withGroq({ latencyMs: 200 }, async (server) => {
      await writeDays(data, numberedPosts(20));
      await writeStudy(data, { quota: {} });
      const first = startLabelling(data, server);
      await until(() => server.record.answered.size >= 2);
      await writeStudy(data, {}, "attributes");
      const { code, stderr } = await label(data, server, [], {}, "attributes");
      assert.equal(code, 3, stderr);
      assert.match(
        stderr,
        /Cannot run classify:attributes: another run uses the quota of 127\.0\.0\.1\S* \(process \d+ on/,
      );
      assert.deepEqual(await labels(data, "attributes").catch(() => []), []);
      assert.equal((await first.output()).code, 0);
      const later = await label(data, server, [], {}, "attributes");
      assert.deepEqual([later.code, later.summary.labelled], [0, 20], later.stderr);
    })
  ));
