import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { lineEnds } from "../../../etl/doctor/line_ends.ts";
import { hasWindowsLineEnds } from "../../../etl/schedule/line_ends.ts";
import { withData } from "../../rows.ts";
import { ROOT } from "../../task.ts";

const SCRIPT = "etl/schedule/cron_run.sh";

Deno.test("scripts with the line ends of Windows are found before cron fails over them, and git gives none", () =>
  withData(async (root) => {
    const text = await Deno.readTextFile(join(ROOT, SCRIPT));
    await Deno.mkdir(dirname(join(root, SCRIPT)), { recursive: true });
    await Deno.writeTextFile(join(root, SCRIPT), text.replaceAll("\n", "\r\n"));
    assert.ok(hasWindowsLineEnds(root));
    assert.match(JSON.stringify(await lineEnds(root)), /line ends of Windows.*core\.autocrlf/);
    const { code } = await new Deno.Command("sh", {
      args: [join(root, SCRIPT), "x", root, "now", "true"],
    })
      .output();
    assert.notEqual(code, 0, "a shell cannot run it");
    assert.ok(!hasWindowsLineEnds(ROOT));
    assert.match(await Deno.readTextFile(join(ROOT, ".gitattributes")), /^\* text=auto eol=lf$/m);
  }));
