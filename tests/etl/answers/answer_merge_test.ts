import assert from "node:assert/strict";
import { findPending, pendingPages, type PendingPost } from "../../../etl/sampling/pending.ts";
import type { Answer } from "../../../etl/answers/answer_segment.ts";
import { uri } from "../../raw.ts";
import { type Label, test } from "../../classifiers/engine/answered_study.ts";
import {
  answer,
  DAY,
  LABELLED,
  sample,
  writePosts,
} from "../../classifiers/engine/labelled_day.ts";

function post(name: string): Pick<PendingPost, "uri" | "cid" | "text_hash"> {
  return { uri: uri(name), cid: `cid-${name}`, text_hash: `hash-${name}` };
}

// Invariants 3, 6, 7
test("answers become rows with their raw answer, hashes and provenance, and segments go", async (study) => {
  await writePosts(study.paths, { passed: 4 });
  const segment = await study.append(
    answer(post("passed-0")),
    { ...answer(post("passed-1")), answer: "<html>" },
    { ...answer(post("passed-2")), answer: null, request_hash: null, reason: "empty" },
    { ...answer(post("passed-3")), date: "2026-06-02" },
  );
  assert.deepEqual(await study.merge(), { days: [DAY, "2026-06-02"], answers: 4, errors: [] });
  await assert.rejects(Deno.stat(segment), Deno.errors.NotFound);
  const [labelled, invalid, empty, ...rest] = await study.labels();
  assert.deepEqual(rest, []);
  assert.deepEqual(labelled, {
    uri: uri("passed-0"),
    cid: "cid-passed-0",
    text_hash: "hash-passed-0",
    label_set_id: LABELLED.labelSetId,
    coder: null,
    was_successfully_labeled: true,
    reason: null,
    label_timestamp: "2026-06-02 00:00:00",
    label_prob: labelled!.label_prob,
    model: "tone-1",
    codebook_hash: null,
    prompt_hash: null,
    parameters: '{"languages":["en"]}',
    temperature: null,
    seed: null,
    system_fingerprint: null,
    run_id: "run-1",
    prob_toxic: 0.25,
    words: ["a"],
    scores: [{ key: "a", value: 1 }],
    request_hash: "request-hash-passed-0",
    answer: '{"prob_toxic":0.25,"words":["a"],"scores":{"a":1}}',
  });
  const failure = (
    label: Label | undefined,
  ) => [label?.was_successfully_labeled, label?.reason, label?.answer, label?.prob_toxic];
  assert.deepEqual(failure(invalid), [false, "invalid_answer", "<html>", null]);
  assert.deepEqual(failure(empty), [false, "empty", null, null]);
  assert.deepEqual(await study.merge(), { days: [], answers: 0, errors: [] });
});

// Invariant 3
test("the latest attempt takes a failure's place, and a failure never takes a label's", async (study) => {
  await writePosts(study.paths, { passed: 3 });
  const failed = (name: string, at: string): Answer => ({
    ...answer(post(name)),
    answer: null,
    reason: "timed_out",
    received_at: at,
  });
  await study.append(failed("passed-0", "2026-06-02T00:00:00Z"), answer(post("passed-1")));
  await study.merge();
  await study.append(answer(post("passed-0")), failed("passed-1", "2026-06-03T00:00:00Z"));
  const unavailable = { ...failed("passed-2", "2026-06-04T00:00:00Z"), reason: "unavailable" };
  await study.append(failed("passed-0", "2026-06-04T00:00:00Z"), unavailable as Answer);
  await study.append(failed("passed-2", "2026-06-03T00:00:00Z"));
  await study.merge();
  const labels = await study.labels();
  assert.deepEqual(labels.map(({ reason }) => reason), [null, null, "unavailable"]);
  assert.deepEqual(labels.map(({ label_prob }) => label_prob), [1, 1, 1]);
});

// Invariant 3
test("a damaged line is set aside and told once, those beside it are merged; a damaged label file stops its day", async (study) => {
  await writePosts(study.paths, { passed: 4 });
  const whole = await study.append(answer(post("passed-0")));
  const damaged = await study.append(answer(post("passed-1")));
  const line = await Deno.readTextFile(damaged);
  const other = line.replaceAll("passed-1", "passed-2");
  const named = `{"uri":"${uri("passed-3")}","answer":"cut`;
  await Deno.writeTextFile(damaged, `${line}${named}\n{"uri":"secret text\n${other}`);
  const { errors, answers } = await study.merge();
  assert.equal(answers, 3);
  assert.equal(errors.length, 1);
  assert.match(errors[0]!.format(), /2 lines, the first of them line 2, are damaged\n.*quarantine/);
  assert.doesNotMatch(errors[0]!.format(), /secret/);
  assert.equal((await study.labels()).length, 3);
  for (const path of [whole, damaged]) await assert.rejects(Deno.stat(path), Deno.errors.NotFound);
  assert.deepEqual((await study.merge()).errors, [], "it is told once");
  const [quarantined] = study.paths.quarantined();
  const aside = (await Deno.readTextFile(quarantined!)).trim().split("\n")
    .map((text) => JSON.parse(text));
  // What names no post could not be found when its author deletes it: nothing of it stays.
  assert.deepEqual(
    aside.map(({ line, uri, payload }) => [line, uri, payload]),
    [[2, uri("passed-3"), btoa(named)], [3, undefined, undefined]],
  );
  await study.append(answer(post("passed-3")));
  const path = study.paths.labels("tone", DAY);
  const labels = await Deno.readFile(path);
  await Deno.writeFile(path, labels.slice(0, -20));
  assert.match((await study.merge()).errors[0]!.message, /labels\.parquet is damaged/);
  await Deno.writeFile(path, labels);
  assert.deepEqual(await study.merge(), { days: [DAY], answers: 1, errors: [] });
  assert.equal((await study.labels()).length, 4);
});

// Invariant 8
test("a stop gives every stratum the share that is done of its rate; the end gives its rate", async (study) => {
  await writePosts(study.paths, { most_liked: 20, passed: 300, filtered_out: 300 });
  const drawn = sample({ passed: 0.5, filtered_out: 0.1 });
  const first = await study.label(drawn, 80);
  const [next] = await study.label(drawn, 0);
  assert.equal(next, undefined);
  await findPending(study.database, study.paths, LABELLED, drawn);
  const page = await pendingPages(study.database, study.paths, DAY).next();
  const share = (page.value as PendingPost[])[0]!.turn;
  assert.ok(share > first.at(-1)!.turn && share < 1);
  for (const [stratum, rate] of [["most_liked", 1], ["passed", 0.5], ["filtered", 0.1]] as const) {
    assert.deepEqual(Object.keys(await study.probs(stratum)), [(rate * share).toFixed(4)]);
  }
  await study.label(drawn, 1000);
  assert.deepEqual(await study.probs("most_liked"), { "1.0000": 20 });
  assert.deepEqual(Object.keys(await study.probs("passed")), ["0.5000"]);
  assert.deepEqual(Object.keys(await study.probs("filtered")), ["0.1000"]);
});

// Invariant 8
test("what was done ahead of a post that is missing is no part of the sample until that is done", async (study) => {
  await writePosts(study.paths, { passed: 100 });
  const drawn = sample({ passed: 0.8 });
  await study.label(drawn, 10, 1);
  assert.deepEqual(await study.probs("passed"), { null: 10 });
  await study.label(drawn, 1);
  const probs = await study.probs("passed");
  assert.equal(Object.keys(probs).length, 1);
  assert.equal(probs.null, undefined);
});

// Invariant 8
test("a lowered rate leaves what rows have, a raised one lifts them once it is beyond it", async (study) => {
  await writePosts(study.paths, { passed: 200 });
  await study.label(sample({ passed: 0.4 }), 1000);
  const before = (await study.labels()).length;
  assert.deepEqual(await study.probs("passed"), { "0.4000": before });
  // Posts that come later are drawn at the rate of their time.
  await writePosts(study.paths, { passed: 400 });
  const late = await study.label(sample({ passed: 0.1 }), 1000);
  assert.ok(late.length > 5 && late.every(({ uri }) => Number(uri.split("-").at(-1)) >= 200));
  assert.deepEqual(await study.probs("passed"), { "0.1000": late.length, "0.4000": before });
  // Raised, and stopped before it is beyond what the first rows have.
  await study.label(sample({ passed: 0.5 }), 20);
  const between = await study.probs("passed");
  assert.equal(between["0.4000"], before);
  assert.equal(Object.keys(between).length, 2);
  await study.label(sample({ passed: 0.5 }), 1000);
  assert.deepEqual(Object.keys(await study.probs("passed")), ["0.5000"]);
});

// Invariant 11
test("a label of a deleted post keeps the probability with which it was drawn", async (study) => {
  await writePosts(study.paths, { passed: 100 });
  await study.label(sample({ passed: 0.5 }), 1000);
  const labels = (await study.labels()).length;
  await writePosts(study.paths, { passed: 50 });
  await study.append(answer(post("passed-0")));
  await study.merge(sample({ passed: 0.25 }));
  const { "0.5000": kept, ...others } = await study.probs("passed");
  assert.ok(kept! >= labels - 1);
  assert.ok(Object.keys(others).every((prob) => prob === "null"));
});
