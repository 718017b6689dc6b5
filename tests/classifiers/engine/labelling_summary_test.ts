import assert from "node:assert/strict";
import {
  describeSummary,
  type LabellingSummary,
} from "../../../classifiers/engine/labelling_summary.ts";
import "../../common_environment.ts";

const SUMMARY: LabellingSummary = {
  label_set_id: "a".repeat(16),
  done: 5,
  labelled: 3,
  failed: {},
  requests: 5,
  retries: 0,
  reused: 0,
  cost: 0,
  recovered: 0,
  labelled_before: 0,
  labelled_after: 3,
  replicates: null,
  in_batch: 0,
  pending: 0,
  stopped_by: null,
  seconds: 1,
  peak_rss_mb: 100,
};
const describe = (changes: Partial<LabellingSummary>) =>
  describeSummary({ ...SUMMARY, ...changes }, "perspective");

Deno.test("a summary says why posts are pending, also where nothing stopped the run", () => {
  assert.doesNotMatch(describe({}), /next run/);
  const failed = describe({ failed: { unavailable: 2 }, pending: 2 });
  assert.match(failed, /2 posts failed for temporary reasons: the next run/);
  assert.match(describe({ pending: 2, stopped_by: "limit" }), /--limit: run it again for the rest/);
});

Deno.test("a summary names --retry-failed where the service refused posts for good, and for no other reason", () => {
  assert.match(describe({ failed: { rejected: 1 } }), /--retry-failed/);
  assert.doesNotMatch(describe({ failed: { text_too_short: 9, empty: 1 } }), /--retry-failed/);
});
