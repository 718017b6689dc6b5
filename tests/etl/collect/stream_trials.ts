import { tryStream } from "./stream_trial.ts";
const n = Number(Deno.args[0]), first = Number(Deno.args[1] ?? 1);
let bad = 0, posts = 0, claimed = 0, asked = 0, outside = 0;
const started = performance.now();
for (let seed = first; seed < first + n; seed++) {
  const t = await tryStream(seed);
  posts += t.posts;
  claimed += t.claimedHours;
  asked += t.askedHours;
  if (t.outside > 0) outside++;
  if (t.missing + t.lost + t.unclaimed > 0) {
    bad++;
    if (bad < 15) console.log(seed, JSON.stringify(t));
  }
}
console.log({ n, bad, outside, posts, claimed, asked, s: (performance.now() - started) / 1000 });
