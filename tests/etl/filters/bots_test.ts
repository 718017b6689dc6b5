import assert from "node:assert/strict";
import { flagged } from "./flagged.ts";

const did = (letter: string) => `did:plc:${letter.repeat(24)}`;

Deno.test("all posts of an author on a day with so many posts are flagged, and those of listed accounts", async () => {
  const authors = [..."aaabbc"];
  const posts = authors.map((letter) => ({ did: did(letter), text: "a post" }));
  assert.deepEqual(await flagged("bots", { posts_per_day: 3 }, posts), [
    true,
    true,
    true,
    false,
    false,
    false,
  ]);
  assert.deepEqual(
    await flagged("bots", { posts_per_day: 3, accounts: [did("c")] }, posts),
    authors.map((letter) => letter !== "b"),
  );
  assert.deepEqual(await flagged("bots", {}, posts), authors.map(() => false));
});

Deno.test("an account that is neither a did nor a handle is a usage error", async () => {
  for (const account of ["@name.bsky.social", "Name.bsky.social", "name", "did:plc", ""]) {
    await assert.rejects(flagged("bots", { accounts: [account] }, [{}]), /accounts\.0/, account);
  }
});
