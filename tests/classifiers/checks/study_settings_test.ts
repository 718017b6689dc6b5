/** What the doctor says of settings that a task reads only when it runs. */
import assert from "node:assert/strict";
import { studySettings } from "../../../classifiers/checks/study_settings.ts";
import { withData } from "../../rows.ts";
import { examined, levels, studyWith } from "../../etl/doctor/patient.ts";

Deno.test("settings of the repository are fine, and a wrong filter, codebook, key or an open purse are told", () =>
  withData(async (data) => {
    const study = studyWith({});
    const look = (classifiers: Record<string, unknown>, filters = {}) => {
      const changed: Record<string, unknown> = { ...study.classifiers };
      for (const [name, section] of Object.entries(classifiers)) {
        changed[name] = { ...changed[name] as object, ...section as object };
      }
      return examined(data, studySettings, {
        study: {
          ...study,
          classifiers: changed as typeof study.classifiers,
          filters: { ...study.filters, ...filters },
        },
      });
    };
    assert.deepEqual(levels(await look({})), ["ok"]);
    const { budget: _, ...unbounded } = study.classifiers.attributes!;
    const cases: [unknown, string, RegExp][] = [
      [await look({}, { laguage: {} }), "problem", /no filter "laguage"/],
      [await look({ perspektive: {} }), "warning", /classifiers\.perspektive, which no task reads/],
      [await look({ dictionary: { codebook: "nowhere" } }), "problem", /nowhere/],
      [await look({ perspective: { languages: ["english"] } }), "problem", /languages/],
      [await look({ attributes: { model: "new/model" } }), "problem", /new\/model has no price/],
      [
        await examined(data, studySettings, {
          study: { ...study, classifiers: { attributes: unbounded } },
        }),
        "warning",
        /nothing limits the cost of classify:attributes/,
      ],
    ];
    for (const [found, level, said] of cases) {
      const [finding, ...more] = found as Awaited<ReturnType<typeof look>>;
      assert.deepEqual([finding!.level, more], [level, []]);
      assert.match(finding!.found, said);
      assert.ok(finding!.remedy);
    }
    const own = { attributes: { ...unbounded, model: "own/model" } };
    const free = { "own/model": { input: 0, output: 0, batch: 1 } };
    const found = await examined(data, studySettings, {
      study: { ...study, classifiers: own, prices: free },
    });
    assert.deepEqual(levels(found), ["ok"]);
  }));
