import assert from "node:assert/strict";
import { tryStream } from "../../etl/collect/stream_trial.ts";

// Invariant 14
Deno.test("what lands is what hosts with wrong clocks sent in the time that coverage claims", async () => {
  let [claimed, asked, posts] = [0, 0, 0];
  for (let seed = 1; seed <= 300; seed++) {
    const trial = await tryStream(seed);
    const { lost, unclaimed, missing } = trial;
    assert.deepEqual(
      { lost, unclaimed, missing },
      { lost: 0, unclaimed: 0, missing: 0 },
      `${seed}`,
    );
    claimed += trial.claimedHours;
    asked += trial.askedHours;
    posts += trial.posts;
  }
  // Claiming nothing would be no false claim either.
  assert.ok(claimed / asked > 0.95, `${claimed} of ${asked} h`);
  assert.ok(posts > 200_000, `${posts} posts`);
});

// Invariant 14
Deno.test("where a host leaves out numbers for minutes, the time that it left out is not claimed", async () => {
  let [claimed, asked] = [0, 0];
  for (let seed = 1; seed <= 300; seed++) {
    const { lost, unclaimed, missing, ...trial } = await tryStream(seed, true);
    assert.deepEqual([lost, unclaimed, missing], [0, 0, 0], `${seed}`);
    claimed += trial.claimedHours;
    asked += trial.askedHours;
  }
  assert.ok(claimed / asked > 0.75, `${claimed} of ${asked} h, of which a seventh was left out`);
});
