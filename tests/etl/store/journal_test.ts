import assert from "node:assert/strict";
import { join } from "node:path";
import { Journal, leftSegments } from "../../../etl/store/journal.ts";
import { withData } from "../../rows.ts";
import { numbers } from "./segment_numbers.ts";

// Invariant 1
Deno.test("lines are on disk after a commit, in order, and not before", async () => {
  await withData(async (data) => {
    const journal = await Journal.create(join(data, "journal"), "a");
    for (const number of [0, 1, 2]) journal.append({ number });
    assert.equal((await Deno.stat(journal.path)).size, 0);
    assert.ok(journal.pending > 0);
    await journal.commit();
    assert.deepEqual(await numbers(journal.path), [0, 1, 2]);
    assert.equal(journal.pending, 0);
    assert.equal(journal.bytes, (await Deno.stat(journal.path)).size);
    journal.close();
  });
});

// Invariant 1
Deno.test("a line that is appended during a commit is in the next one", async () => {
  await withData(async (data) => {
    const journal = await Journal.create(data, "a");
    journal.append({ number: 0 });
    const first = journal.commit();
    journal.append({ number: 1 });
    await first;
    assert.deepEqual(await numbers(journal.path), [0]);
    await journal.commit();
    assert.deepEqual(await numbers(journal.path), [0, 1]);
    journal.close();
  });
});

Deno.test("a segment without a line goes when it is closed, and no name is used twice", async () => {
  await withData(async (data) => {
    const empty = await Journal.create(data, "a");
    await assert.rejects(Journal.create(data, "a"), Deno.errors.AlreadyExists);
    await empty.commit();
    empty.close();
    assert.deepEqual([...Deno.readDirSync(data)], []);
  });
});

// Invariant 1
Deno.test("a torn last line is trimmed, at every byte where it can be torn", async () => {
  await withData(async (data) => {
    const [first, second] = ['{"number":0,"text":"ü"}\n', '{"number":1,"text":"🏡"}\n'];
    const bytes = new TextEncoder().encode(first + second);
    const whole = new TextEncoder().encode(first).length;
    const path = join(data, "a.jsonl");
    for (let length = whole; length <= bytes.length; length++) {
      await Deno.writeFile(path, bytes.slice(0, length));
      assert.deepEqual(await leftSegments(data), [path]);
      assert.deepEqual(await numbers(path), length === bytes.length ? [0, 1] : [0]);
    }
  });
});

// Invariant 1
Deno.test("a torn line longer than a block is trimmed, and so are zeros after a power cut", async () => {
  await withData(async (data) => {
    const path = join(data, "a.jsonl");
    for (const torn of ['{"number":1,"text":"' + "x".repeat(200_000), "\0".repeat(70_000)]) {
      await Deno.writeTextFile(path, '{"number":0}\n' + torn);
      await leftSegments(data);
      assert.deepEqual(await numbers(path), [0]);
    }
  });
});

Deno.test("a segment of a torn line alone goes; the others come oldest first", async () => {
  await withData(async (data) => {
    await Deno.writeTextFile(join(data, "3.jsonl"), '{"number":3}\n');
    await Deno.writeTextFile(join(data, "1.jsonl"), '{"number":1}\n');
    await Deno.writeTextFile(join(data, "2.jsonl"), '{"numb');
    await Deno.writeTextFile(join(data, "0.jsonl"), "");
    await Deno.writeTextFile(join(data, "notes.txt"), "mine");
    assert.deepEqual(await leftSegments(data), [join(data, "1.jsonl"), join(data, "3.jsonl")]);
    const left = [...Deno.readDirSync(data)].map((entry) => entry.name).sort();
    assert.deepEqual(left, ["1.jsonl", "3.jsonl", "notes.txt"]);
    assert.deepEqual(await leftSegments(join(data, "missing")), []);
  });
});
