import assert from "node:assert/strict";
import { COLUMNS as HUMAN } from "../../../etl/labels/coded_posts.ts";
import { labelTable } from "../../../etl/labels/label_file.ts";
import { DataPaths } from "../../../etl/store/paths.ts";
import { LABEL_SETS } from "../../../etl/store/tables.ts";
import { open } from "../../../notebooks/query/data.ts";
import { describeQuestions, humanQuestions } from "../../../notebooks/measures/human_answers.ts";
import { withData } from "../../rows.ts";
import { writeRows } from "../../table_file.ts";

const SHOWN = "shown";

Deno.test("a question is found by its words and answers, or by its name", () =>
  withData(async (folder) => {
    const paths = new DataPaths(folder);
    const answers = async (...labels: Record<string, string>[]) => {
      await writeRows(
        labelTable(HUMAN),
        labels.map((labels, index) => ({
          uri: `at://x/${index}`,
          text_hash: "x",
          label_set_id: SHOWN,
          was_successfully_labeled: true,
          labels,
        })),
        paths.labels("human", "2026-06-01"),
      );
      await writeRows(
        LABEL_SETS,
        [{ label_set_id: SHOWN, classifier: "human", is_shown: true }],
        paths.labelSets("human"),
      );
      return await open(folder);
    };
    const empty = await humanQuestions(await open(folder));
    assert.deepEqual(empty, { political: undefined, lean: undefined, all: [] });
    // A mood is no politics, and of three answers nobody can tell which one says yes.
    const none = await answers(
      { mood: "yes", political: "very", b: "no" },
      { mood: "no", political: "somewhat" },
      { political: "no" },
    );
    const unknown = await humanQuestions(none);
    assert.equal(unknown.political, undefined);
    assert.match(describeQuestions(unknown), /\(b, mood, political\).*humanPolitical/);
    assert.deepEqual(await humanQuestions(none, { political: "political=very", lean: "b" }), {
      political: { question: "political", answer: "very" },
      lean: "b",
      all: ["b", "mood", "political"],
    });
    for (const given of [{ political: "civic=yes" }, { lean: "party" }]) {
      await assert.rejects(humanQuestions(none, given), /no question "(civic|party)", but b, mood/);
    }
    await assert.rejects(
      humanQuestions(none, { political: "political=Very" }),
      /Nobody answered "Very" to political\. The answers are no, somewhat, very/,
    );
    await assert.rejects(humanQuestions(none, { political: "mood" }), /no question and answer/);
    const yes = await answers({ is_political: "Yes", leaning: "left" }, { is_political: "No" });
    const { political, lean } = await humanQuestions(yes);
    assert.deepEqual([political, lean], [{ question: "is_political", answer: "Yes" }, "leaning"]);
    const not = await answers({ topic: "not political" }, { topic: "political" });
    assert.deepEqual((await humanQuestions(not)).political, {
      question: "topic",
      answer: "political",
    });
  }));
