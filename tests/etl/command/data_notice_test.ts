import assert from "node:assert/strict";
import { fillStudyFolder } from "../../notebooks/folders/study_folder.ts";
import { withData } from "../../rows.ts";
import { runTask } from "../../task.ts";

const CLOCK = { CIVICSKY_CLOCK: "2026-06-10T00:00:00Z" };
const NOTICE = "Demo data. All of it is invented.";

Deno.test("the notice of a data folder stands in what is written of it, whatever the study", (t) =>
  withData(async (data) => {
    const study = await fillStudyFolder(data);
    await Deno.writeTextFile(`${data}/NOTICE.txt`, "Demo data.\nAll of it is invented.\n");
    const written = async (file: string, ...args: string[]) => {
      const { code, stderr } = await runTask([...args, "--data", data], CLOCK);
      assert.equal(code, 0, stderr);
      return await Deno.readTextFile(`${data}/${file}`);
    };

    await t.step("with a study that has none, it is the folder's alone", async () => {
      const page = await written("reports/01-overview.html", "render", "01-overview");
      assert.ok(page.includes(`role="note">${NOTICE}</div>`));
      const methods = await written("reports/methods.md", "methods");
      assert.ok(methods.includes(`\n**${NOTICE}**\n`));
      const codebook = await written("exports/analysis.codebook.md", "export");
      assert.ok(codebook.includes(`\n- **${NOTICE}**\n`));
    });

    await t.step("the study's own notice stands behind it", async () => {
      const methods = await written("reports/methods.md", "methods", "--study", study);
      assert.ok(methods.includes(`\n**${NOTICE} Invented posts <b>only</b>.**\n`));
      await Deno.remove(`${data}/NOTICE.txt`);
      const own = await written("reports/methods.md", "methods", "--study", study);
      assert.ok(own.includes("\n**Invented posts <b>only</b>.**\n"));
    });
  }));
