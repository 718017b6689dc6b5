import { tryStream } from "./stream_trial.ts";
const [n, first] = Deno.args.map(Number);
const sum: any = {};
let differing = 0;
const bad = [];
for (let i = 0; i < n!; i++) {
  const t: any = await tryStream(first! + i);
  for (const k in t) sum[k] = (sum[k] ?? 0) + t[k];
  if (t.lost + t.unclaimed + t.missing > 0) {
    differing++;
    bad.push(first! + i);
    if (differing < 12) console.log(first! + i, JSON.stringify(t));
  }
}
console.log(differing, JSON.stringify(sum), bad.join(" "));
