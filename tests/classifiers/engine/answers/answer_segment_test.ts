import assert from "node:assert/strict";
import { dirname } from "node:path";
import {
  type Answer,
  AnswerSegment,
} from "../../../../classifiers/engine/answers/answer_segment.ts";
import { UserError } from "../../../../etl/run/error.ts";
import { leftSegments } from "../../../../etl/store/journal.ts";
import { DataPaths } from "../../../../etl/store/paths.ts";
import { Child } from "../../../etl/store/child.ts";
import { fill, fillBut, testOnSmallDisk } from "../../../etl/store/small_disk.ts";
import { uri } from "../../../raw.ts";
import { withData } from "../../../rows.ts";
import { answer, LABELLED } from "../labelled_day.ts";

const { labelSetId } = LABELLED;

function numbered(index: number, text = ""): Answer {
  const post = { uri: uri(`${index}`), cid: `c${index}`, text_hash: `t${index}` };
  return { ...answer(post), answer: JSON.stringify({ text, index }) };
}

async function lines(path: string): Promise<Answer[]> {
  const text = await Deno.readTextFile(path);
  assert.ok(text === "" || text.endsWith("\n"), "the last line is torn");
  return text.split("\n").slice(0, -1).map((line) => JSON.parse(line));
}

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

// Invariant 3
Deno.test("a writer killed at any instant has lost no answer that it called durable", () =>
  withData(async (data) => {
    const paths = new DataPaths(data);
    const durable: string[] = [];
    for (let kill = 0; kill < 4; kill++) {
      const child = new Child("../classifiers/engine/appending_script.ts", data, `${kill}000000`);
      durable.push((await child.line())!);
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 50));
      durable.push(...await child.kill());
    }
    const segments = await leftSegments(paths.answers("tone", labelSetId));
    assert.equal(segments.length, 4);
    const stored = new Set((await Promise.all(segments.map(lines))).flat().map(({ uri }) => uri));
    for (const name of durable) assert.ok(stored.has(uri(name)), name);
  }));

// Invariant 3
testOnSmallDisk(
  "a full disk is told to all whose answers wait, and they are written when there is space",
  async (disk) => {
    const segment = await AnswerSegment.create(new DataPaths(disk).answers("tone", labelSetId));
    const long = "x".repeat(20_000);
    await segment.append(numbered(0, long));
    const full = await fill(disk);
    const results = await Promise.allSettled(
      [1, 2, 3].map((index) => segment.append(numbered(index, long))),
    );
    for (const result of results) {
      assert.equal(result.status, "rejected");
      assert.ok(result.reason instanceof UserError);
      assert.match(result.reason.format(), /[Nn]o space left.*\n.*Free some space/);
      assert.doesNotMatch(result.reason.format(), /xxx/);
    }
    assert.equal((await lines(segment.path)).length, 1);
    await Deno.remove(full);
    await segment.append(numbered(4), true);
    assert.deepEqual(await segment.find("request-t4"), numbered(4));
    await segment.close();
    const indices = (await lines(segment.path)).map(({ answer }) => JSON.parse(answer!).index);
    assert.deepEqual(indices, [0, 1, 2, 3, 4]);
    await fillBut(disk, 3 * 2 ** 20);
    const next = AnswerSegment.create(new DataPaths(disk).answers("tone", labelSetId));
    await assert.rejects(next, /[Nn]o space left/);
    assert.equal([...Deno.readDirSync(dirname(segment.path))].length, 1, "an empty one is left");
  },
  8,
);
