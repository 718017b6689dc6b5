import assert from "node:assert/strict";
import { sampleCoder } from "../../../demo/groq/sample_coder.ts";
import { smallSample } from "../small_sample.ts";
import "../../common_environment.ts";

const FIELDS = ["is_sociopolitical", "lean", "respect", "hope"];

Deno.test("a post gets what the sample says of it, by the text that a model is shown", () => {
  const sample = smallSample();
  const post = sample.posts.find(({ id }) => id === "p003")!;
  Object.assign(post, { sociopolitical: true, lean: "left" });
  const said = sampleCoder(sample)(
    { text: "@account see https://example.org/a and @account" },
    FIELDS,
  );
  const { hope, ...known } = said;
  const respect = sample.tones[post.tone]!.respect;
  assert.deepEqual(known, { is_sociopolitical: true, lean: "left", respect });
  assert.ok(typeof hope === "number", "what the sample does not say is invented");
  assert.throws(() => sampleCoder(sample)({ text: "of nobody" }, FIELDS), /no such post/);
});

Deno.test("posts of pictures alone are told apart by what these show", () => {
  const sample = smallSample();
  const [first, second] = sample.posts.slice(0, 2);
  Object.assign(first!, { text: "", alt: ["a cat"], sociopolitical: false });
  Object.assign(second!, { text: "", alt: ["a march"], sociopolitical: true, lean: "right" });
  const coder = sampleCoder(sample);
  const shown = (text: string) => ({ text: "", context: [{ kind: "alt_text" as const, text }] });
  assert.equal(coder(shown("a cat"), FIELDS).is_sociopolitical, false);
  assert.equal(coder(shown("a march"), FIELDS).lean, "right");
});

Deno.test("posts that look alike and have different labels are refused", () => {
  const sample = smallSample();
  const [first, second] = sample.posts.slice(0, 2);
  second!.text = first!.text;
  second!.alt = first!.alt;
  second!.sociopolitical = !first!.sociopolitical;
  assert.throws(() => sampleCoder(sample), /p001 and p002 look alike/);
});
