import assert from "node:assert/strict";
import { AnswerSegment } from "../../../etl/answers/answer_segment.ts";
import { DataPaths } from "../../../etl/store/paths.ts";
import { withData } from "../../rows.ts";
import { LABELLED } from "../../classifiers/engine/labelled_day.ts";
import { lines, numbered } from "./numbered_answers.ts";

const { labelSetId } = LABELLED;

// Invariant 3
Deno.test("an answer is on disk when its append resolves, alone or among many, in order", () =>
  withData(async (data) => {
    const segment = await AnswerSegment.create(new DataPaths(data).answers("tone", labelSetId));
    await segment.append(numbered(0));
    assert.deepEqual(await lines(segment.path), [numbered(0)]);
    const answers = Array.from({ length: 500 }, (_, index) => numbered(index + 1));
    await Promise.all(answers.map((answer) => segment.append(answer)));
    assert.deepEqual(await lines(segment.path), [numbered(0), ...answers]);
    const waiting = segment.append(numbered(501));
    await segment.close();
    await waiting;
    assert.equal((await lines(segment.path)).length, 502);
  }));

// Invariant 3
Deno.test("the fiftieth answer that waits is written at once, the others after 200 ms at most", () =>
  withData(async (data) => {
    const segment = await AnswerSegment.create(new DataPaths(data).answers("tone", labelSetId));
    const { setTimeout } = globalThis;
    const timers: { ring: () => void; ms: number }[] = [];
    // Rings when the test says so.
    globalThis.setTimeout = ((ring: () => void, ms: number) => {
      return timers.push({ ring, ms });
    }) as unknown as typeof setTimeout;
    try {
      const answers = Array.from({ length: 50 }, (_, index) => numbered(index));
      await Promise.all(answers.map((answer) => segment.append(answer)));
      assert.equal((await lines(segment.path)).length, 50);
      const late = segment.append(numbered(50));
      const { ring, ms } = timers.at(-1)!;
      assert.ok(ms <= 200, `${ms}`);
      assert.equal((await lines(segment.path)).length, 50);
      ring();
      await late;
      assert.equal((await lines(segment.path)).length, 51);
    } finally {
      globalThis.setTimeout = setTimeout;
    }
    await segment.close();
  }));

Deno.test("a segment without an answer goes when it is closed", () =>
  withData(async (data) => {
    const segment = await AnswerSegment.create(new DataPaths(data).answers("tone", labelSetId));
    await segment.close();
    await assert.rejects(Deno.stat(segment.path), Deno.errors.NotFound);
  }));

Deno.test("the answer to a repeated request is found as it was, once it is durable", () =>
  withData(async (data) => {
    const segment = await AnswerSegment.create(new DataPaths(data).answers("tone", labelSetId));
    const texts = ["plain", "ü🏡", "a lone \ud800 surrogate", "line\nbreak"];
    await Promise.all(
      texts.map((text, index) => segment.append(numbered(index, text), index !== 0)),
    );
    assert.equal(await segment.find("request-t0"), undefined);
    for (const [index, text] of texts.entries()) {
      if (index === 0) continue;
      const found = await segment.find(`request-t${index}`);
      assert.deepEqual(found, { ...numbered(index), answer: JSON.stringify({ text, index }) });
    }
    const late = segment.append(numbered(9), true);
    assert.equal(await segment.find("request-t9"), undefined);
    await late;
    assert.deepEqual(await segment.find("request-t9"), numbered(9));
    await segment.close();
  }));
