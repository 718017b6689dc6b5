import assert from "node:assert/strict";
import { readBatchLine } from "../../../classifiers/clients/groq_batch_line.ts";
import { completed, MODEL } from "./chat.ts";
import { TEXT } from "./secrets.ts";
import "../../common_environment.ts";

Deno.test("lines of a batch are answers, or refusals as live requests have them", () => {
  const read = (line: unknown) => readBatchLine(JSON.stringify(line), "api.groq.com", MODEL);
  const response = (status_code: number, body: unknown) => ({ status_code, request_id: "r", body });
  const answer = JSON.parse(completed);
  const good = read({ id: "b", custom_id: "7", response: response(200, answer), error: null });
  assert.deepEqual([good?.customId, good?.problem], ["7", undefined]);
  assert.deepEqual(JSON.parse(good!.body!), answer);

  const ofModel = { message: "gone", code: "model_decommissioned" };
  const cases: [unknown, string, string | null][] = [
    [{ response: response(400, { error: ofModel }), error: null }, "fatal", null],
    [{ response: null, error: ofModel }, "fatal", null],
    [{ response: null, error: { code: "batch_expired", message: TEXT } }, "passing", "unavailable"],
    [{ response: null, error: null }, "passing", "unavailable"],
    [{ response: response(503, null), error: null }, "passing", "unavailable"],
    [{ response: response(400, { error: { message: TEXT } }) }, "rejected", "rejected"],
    [
      {
        response: response(400, null),
        error: { object: "error", message: "maximum context length is 9", code: 400 },
      },
      "rejected",
      "too_long",
    ],
    [
      {
        response: response(400, null),
        error: { error: { message: "maximum context length is 9", code: 400 } },
      },
      "rejected",
      "too_long",
    ],
  ];
  for (const [line, problem, reason] of cases) {
    const { body, problem: error } = read({ id: "b", custom_id: "7", ...line as object })!;
    const what = JSON.stringify(line);
    assert.deepEqual([body, error?.problem, error?.reason], [undefined, problem, reason], what);
    assert.ok(!error!.message.includes(TEXT));
  }
  for (const text of ["", "{", "null", "[]", '{"custom_id":5}', '{"id":"b"}']) {
    assert.equal(readBatchLine(text, "h", MODEL), undefined);
  }
});
