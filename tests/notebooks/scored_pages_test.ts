/** Pages of imported scores and labels of people, and of posts that nobody scored. */
import assert from "node:assert/strict";
import { missingScores } from "../../notebooks/figures/missing_scores.ts";
import { withData } from "../rows.ts";
import { ROOT, runTask } from "../task.ts";
import { TEST_DATA } from "../test_data.ts";
import { picturesOf, readPage, renderIn } from "./rendering.ts";
import { fillStudyFolder } from "./folders/study_folder.ts";

async function textOf(data: string, name: string): Promise<{ text: string; charts: number }> {
  const { html } = await readPage(`${data}/reports/${name}`);
  const pictures = picturesOf(html);
  for (const svg of pictures) {
    assert.match(svg, /<(rect|path|circle)\b/);
    assert.doesNotMatch(svg, /NaN|undefined|Infinity/);
  }
  const text = [html, ...pictures].join(" ").replace(/<[^>]*>/g, " ").replace(/\s+/g, " ");
  return { text, charts: pictures.length / 2 };
}

Deno.test("a page about scores says once that there are none", () =>
  withData(async (data) => {
    const study = await fillStudyFolder(data);
    const names = ["03-perspective-attributes"];
    const outcome = await renderIn(data, `${ROOT}notebooks`, { names, study });
    assert.deepEqual(outcome.errors ?? [], []);
    const { text, charts } = await textOf(data, names[0]!);
    assert.equal(charts, 0);
    assert.equal(text.match(/no scores yet/g)?.length, 1);
    assert.equal(text.match(/no labels yet|nothing to compare|No post is labelled/g)?.length, 1);
    assert.match(
      text,
      /There are no scores yet\. The sections below only say what they would show/,
    );
  }));

Deno.test("an attribute that no post has is said to be missing, with those that there are", () => {
  const facts = { n: 0, denominator: "posts" };
  assert.equal(missingScores("prob_toxic", ["prob_toxic"], facts), undefined);
  const { plain } = missingScores("prob_insult", ["prob_toxic", "prob_moral_outrage"], facts)!;
  assert.match(
    plain,
    /^\*\*No post has a score of “insult”.*toxic, moral outrage: name one of them/s,
  );
  const outcomes = { sum_y: 0, sum_n: 0, sum_failed: 3 };
  const failures = { n_failed: 3, outcomes, is_share: false };
  assert.match(
    missingScores("prob_toxic", [], { ...facts, failures })!.plain,
    /failed for all 3 of/,
  );
});

Deno.test({
  name:
    "the pilot study's pages show its scores and coders (needs the folder of CIVICSKY_TEST_DATA)",
  ignore: TEST_DATA === undefined,
  fn: () =>
    withData(async (data) => {
      const task = async (...args: string[]) => {
        const { code, stderr } = await runTask([...args, "--data", data]);
        assert.equal(code, 0, stderr);
      };
      await task("import", `${TEST_DATA}/pilot/posts.csv`);
      await task("preprocess");
      await task("classify:dictionary");
      const render = async (name: string, given: Record<string, string> = {}) => {
        const outcome = await renderIn(data, `${ROOT}notebooks`, { names: [name], given });
        assert.deepEqual(outcome.errors ?? [], []);
        return await textOf(data, name);
      };

      const scores = await render("03-perspective-attributes");
      assert.equal(scores.charts, 6);
      assert.doesNotMatch(scores.text, /no (labels|scores) yet/);
      assert.match(scores.text, /n = 183\. Denominator: imported posts that passed the filters/);
      assert.match(scores.text, /Labels: perspective posts, label set [0-9a-f]{16}; human posts/);
      assert.match(scores.text, /No post has a score of reasoning, respect\./);

      const political = await render("02-political-content");
      assert.equal(political.charts, 3);
      assert.match(political.text, /dictionary and people 79\.3% 179 0\.60 94\.2% 66\.3%/);
      assert.match(political.text, /people, import, of those that are political, n = 98/);
      assert.doesNotMatch(political.text, /language model have no labelled post in common/);

      const people = await render("02-political-content", { labeller: "human" });
      assert.match(people.text, /People: political where civic_hand_label is “civic”/);
      assert.match(people.text, /of posts 54\.7% 179/);
    }),
});
