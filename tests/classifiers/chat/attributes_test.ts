import assert from "node:assert/strict";
import { readAttributes } from "../../../classifiers/codebooks/attribute_codebook.ts";
import { lock } from "../../../etl/store/lock.ts";
import { DataPaths } from "../../../etl/store/paths.ts";
import { withData } from "../../rows.ts";
import {
  coder,
  label,
  labels,
  numberedPosts,
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

Deno.test("while one run asks a model, another classifier that asks it ends with 3 and asks nothing", () =>
  withData((data) =>
    withGroq({}, async (server) => {
      await writeDays(data, numberedPosts(3));
      await writeStudy(data, {}, "attributes");
      {
        await using _other = await lock(
          new DataPaths(data).locks(),
          "quota-127.0.0.1-openai_gpt-oss-20b",
          "ask a model",
        );
        for (const name of ["attributes", "sociopolitical"]) {
          const { code, stderr } = await label(data, server, [], {}, name);
          assert.equal(code, 3, stderr);
          assert.match(
            stderr,
            /: another run uses the quota of 127\.0\.0\.1-openai_gpt-oss-20b \(process \d+ on/,
          );
        }
        assert.equal(server.record.arrivals.length, 0);
      }
      const { code, summary, stderr } = await label(data, server, [], {}, "attributes");
      assert.deepEqual([code, summary.labelled], [0, 3], stderr);
    })
  ));
